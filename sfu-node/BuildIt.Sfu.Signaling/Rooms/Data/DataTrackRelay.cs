using System.Buffers;
using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Links;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;
using Reason = BuildIt.Sfu.Signaling.Protocol.RequestResponse.Types.Reason;

namespace BuildIt.Sfu.Signaling.Rooms.Data;

/// <summary>Data tracks: who publishes, who receives under which handle, and the packets between them.</summary>
internal sealed class DataTrackRelay(
    RoomState state,
    NodeServices services,
    NewsBounds bounds,
    ParticipantNews news,
    LossyData lossy,
    DataHandleNews handles,
    DataDemand demand,
    RelayedData relayed,
    RoomLinks links,
    LimitReports reports)
{
    /// <summary>Version and flags, a reserved byte, handle, sequence, frame (16 bits each), timestamp (32 bits).</summary>
    private const int HeaderLength = 12;
    private const int HandleOffset = 2;

    public void Publish(Participant publisher, PublishDataTrackRequest request, Instant now)
    {
        if (Refuse(publisher, request) is var (reason, text))
        {
            if (reason == Reason.LimitExceeded)
            {
                reports.Count(publisher, ClientLimit.Tracks, now);
            }

            Refuse(publisher, request, reason, text);
            return;
        }

        var info = new DataTrackInfo
        {
            PubHandle = request.PubHandle,
            Sid = services.Sids.Next("DTR_"),
            Name = request.Name,
            Encryption = request.Encryption,
            Schema = request.Schema,
            FrameEncoding = request.FrameEncoding,
        };
        if (!bounds.MayAnnounce(publisher, info.CalculateSize()))
        {
            reports.Count(publisher, ClientLimit.Tracks, now);
            Refuse(publisher, request, Reason.LimitExceeded, "what all tracks say of themselves is too long");
            return;
        }

        var track = new DataTrack(publisher, info);
        state.Tracks.Add(track);
        publisher.DataTracks.Published.Add((ushort)request.PubHandle, track);
        publisher.Changed();
        publisher.Send(new SignalResponse { PublishDataTrackResponse = new PublishDataTrackResponse { Info = info } });
        news.Publish(publisher, now);
        foreach (var subscriber in state.Members.Here)
        {
            Reconcile(subscriber, track, now);
        }

        handles.Flush(now);
    }

    public void Unpublish(Participant publisher, UnpublishDataTrackRequest request, Instant now)
    {
        if (request.PubHandle > ushort.MaxValue || !publisher.DataTracks.Published.TryGetValue((ushort)request.PubHandle, out var track))
        {
            publisher.Send(new SignalResponse
            {
                RequestResponse = new RequestResponse { Reason = Reason.NotFound, Message = "no such data track", UnpublishDataTrack = request },
            });
            return;
        }

        Remove(publisher, track);
        handles.Flush(now);
        publisher.Send(new SignalResponse { UnpublishDataTrackResponse = new UnpublishDataTrackResponse { Info = track.Info } });
        news.Publish(publisher, now, tracksChanged: true);
    }

    public void UpdateSubscription(Participant subscriber, UpdateDataSubscription request, Instant now)
    {
        var wishes = subscriber.DataTracks.Wishes;
        foreach (var update in request.Updates)
        {
            if (update.TrackSid.Length > JoinLimits.MaxName
                || (wishes.Count >= services.Limits.Subscriptions && !wishes.ContainsKey(update.TrackSid)))
            {
                continue;
            }

            wishes[update.TrackSid] = update.Subscribe;
            if (state.Tracks.FindData(update.TrackSid) is { } track)
            {
                Reconcile(subscriber, track, now);
            }
        }

        handles.Flush(now);
    }

    /// <summary>Everything about one subscriber: on join, and when its permission changes.</summary>
    public void ReconcileSubscriber(Participant subscriber, Instant now)
    {
        foreach (var track in state.Tracks.Data)
        {
            Reconcile(subscriber, track, now);
        }

        TellHandles(subscriber, now);
    }

    /// <summary>Everything about one publisher: when its consent or its visibility changes.</summary>
    public void ReconcilePublisher(Member publisher, Instant now)
    {
        foreach (var track in publisher.PublishedData)
        {
            foreach (var subscriber in state.Members.Here)
            {
                Reconcile(subscriber, track, now);
            }
        }

        handles.Flush(now);
    }

    /// <summary>The publisher leaves, or may no longer publish data.</summary>
    public void RemoveAll(Participant publisher, Instant now)
    {
        foreach (var track in publisher.DataTracks.Published.Values.ToArray())
        {
            Remove(publisher, track);
        }

        handles.Flush(now);
    }

    /// <summary>A subscriber is gone: nodes need not send any more what it alone received.</summary>
    public void Unwatch(Participant subscriber, Instant now)
    {
        foreach (var received in subscriber.DataTracks.Handles.Keys.Select(state.Tracks.FindData).OfType<DataTrack>().ToArray())
        {
            demand.Changed(received, now);
        }
    }

    /// <summary>Brings the data tracks of a member of another node to what that node says.</summary>
    public void Follow(RemoteMember publisher, IReadOnlyCollection<DataTrackInfo> said, Instant now)
    {
        foreach (var gone in publisher.Data.Values.Where(track => said.All(info => info.Sid != track.Info.Sid)).ToArray())
        {
            publisher.Data.Remove(gone.Info.Sid);
            Forget(gone);
        }

        foreach (var info in said.Where(info => info.Sid.Length > 0 && state.Tracks.FindData(info.Sid) is null))
        {
            var track = new DataTrack(publisher, info);
            state.Tracks.Add(track);
            publisher.Data.Add(info.Sid, track);
            foreach (var subscriber in state.Members.Here)
            {
                Reconcile(subscriber, track, now);
            }
        }

        handles.Flush(now);
    }

    /// <summary>Tells a subscriber its handles although they may not have changed: to one that joins or resumes.</summary>
    public void TellHandles(Participant subscriber, Instant now)
    {
        if (subscriber.DataTracks.Handles.Count > 0)
        {
            handles.Tell(subscriber);
            handles.Flush(now);
        }
    }

    /// <summary>Forwards a packet: only the handle differs between subscribers.</summary>
    public void FromClient(Participant publisher, ReadOnlySpan<byte> packet, Instant now)
    {
        if (packet.Length is < HeaderLength || packet.Length > services.Limits.DataMessageBytes
            || !publisher.Permission.CanPublishData
            || !lossy.MaySend(publisher, packet.Length, now)
            || !publisher.DataTracks.Published.TryGetValue(BinaryPrimitives.ReadUInt16BigEndian(packet[HandleOffset..]), out var track))
        {
            return;
        }

        var receivers = state.Members.Here.Count(subscriber => subscriber.DataTracks.Handles.ContainsKey(track.Info.Sid));
        if (lossy.MayDeliver(publisher, receivers + links.CountUp, packet.Length, now))
        {
            Deliver(track, packet, now);
            relayed.Send(track, packet, now);
        }
    }

    /// <summary>Delivers a packet of a track of the room to those here who receive it.</summary>
    public void Deliver(DataTrack track, ReadOnlySpan<byte> packet, Instant now)
    {
        if (packet.Length < HeaderLength)
        {
            return;
        }

        var copy = ArrayPool<byte>.Shared.Rent(packet.Length);
        var forwarded = copy.AsMemory(0, packet.Length);
        packet.CopyTo(forwarded.Span);
        foreach (var subscriber in state.Members.Here)
        {
            if (subscriber.DataTracks.Handles.TryGetValue(track.Info.Sid, out var handle))
            {
                BinaryPrimitives.WriteUInt16BigEndian(forwarded.Span[HandleOffset..], handle);
                subscriber.Media.SendData(DataChannelKind.DataTrack, track.Publisher.Sid, forwarded, now);
            }
        }

        ArrayPool<byte>.Shared.Return(copy);
    }

    private void Reconcile(Participant subscriber, DataTrack track, Instant now)
    {
        if (subscriber == track.Publisher)
        {
            return;
        }

        var tracks = subscriber.DataTracks;
        var wanted = subscriber.Permission.CanSubscribe
            && !track.Publisher.Hidden
            && (track.Publisher.Access?.Allows(subscriber, track.Info.Sid) ?? true)
            && (tracks.Wishes.TryGetValue(track.Info.Sid, out var wish) ? wish : subscriber.Join.AutoSubscribeDataTracks);
        if (wanted == tracks.Handles.ContainsKey(track.Info.Sid))
        {
            return;
        }

        if (wanted)
        {
            // All are listed in one message, which is as long as any that a client may send.
            if (tracks.Handles.Count >= services.Limits.Subscriptions)
            {
                return;
            }

            tracks.Allocate(track.Info.Sid);
        }
        else
        {
            tracks.Release(track.Info.Sid);
        }

        handles.Tell(subscriber);
        demand.Changed(track, now);
    }

    private void Remove(Participant publisher, DataTrack track)
    {
        publisher.DataTracks.Published.Remove((ushort)track.Info.PubHandle);
        publisher.Changed();
        Forget(track);
    }

    private void Forget(DataTrack track)
    {
        state.Tracks.Remove(track);
        foreach (var subscriber in state.Members.Here)
        {
            subscriber.DataTracks.Wishes.Remove(track.Info.Sid);
            if (subscriber.DataTracks.Release(track.Info.Sid))
            {
                handles.Tell(subscriber);
            }
        }
    }

    private static void Refuse(Participant publisher, PublishDataTrackRequest request, Reason reason, string text) =>
        publisher.Send(new SignalResponse
        {
            RequestResponse = new RequestResponse { Reason = reason, Message = text, PublishDataTrack = request },
        });

    private (Reason Reason, string Text)? Refuse(Participant publisher, PublishDataTrackRequest request)
    {
        var published = publisher.DataTracks.Published;
        return request switch
        {
            _ when !publisher.Permission.CanPublishData => (Reason.NotAllowed, "not allowed to publish data"),
            { Encryption: Encryption.Types.Type.None } when state.Options.E2eeRequired =>
                (Reason.NotAllowed, "this room requires end-to-end encryption: announce the data track with its encryption type"),
            { PubHandle: 0 or > ushort.MaxValue } => (Reason.InvalidHandle, "a handle is a number from 1 to 65535"),
            { Name.Length: 0 or > JoinLimits.MaxName } => (Reason.InvalidName, "a name has 1 to 256 characters"),
            _ when request.Schema?.Name.Length > JoinLimits.MaxName
                || request.Schema?.Encoding?.Custom.Length > JoinLimits.MaxName
                || request.FrameEncoding?.Custom.Length > JoinLimits.MaxName =>
                (Reason.InvalidName, "the names of a schema and of encodings have at most 256 characters"),
            _ when published.ContainsKey((ushort)request.PubHandle) => (Reason.DuplicateHandle, "the handle is in use"),
            _ when published.Values.Any(t => t.Info.Name == request.Name) => (Reason.DuplicateName, "the name is in use"),
            _ when published.Count >= services.Limits.DataTracks => (Reason.LimitExceeded, "too many data tracks"),
            _ => null,
        };
    }
}
