using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;
using Reason = BuildIt.Sfu.Signaling.Protocol.RequestResponse.Types.Reason;

namespace BuildIt.Sfu.Signaling.Rooms.Tracks;

/// <summary>The life of tracks: announced, negotiated, changed, ended.</summary>
internal sealed class TrackPublisher(
    RoomState state,
    NodeServices services,
    NewsBounds bounds,
    ParticipantNews news,
    SubscriptionEngine subscriptions,
    RoomEvents events,
    RoomUpdates updates,
    LimitReports reports)
{
    private readonly TrackVersions _versions = new(services.Clock);

    public void Announce(Participant publisher, AddTrackRequest request, Instant now)
    {
        if (Refuse(publisher, request) is var (reason, text))
        {
            if (reason == Reason.LimitExceeded)
            {
                reports.Count(publisher, ClientLimit.Tracks, now);
            }

            Respond(publisher, reason, text, request);
            return;
        }

        if (request.Sid.Length > 0)
        {
            AddEncodings(publisher, request, now);
            return;
        }

        var same = publisher.Tracks.Values.FirstOrDefault(t => t.HasCid(request.Cid));
        if (same is { Published: false })
        {
            // Announced again before it was negotiated: the client repeats itself after a resume.
            Confirm(publisher, same, request.Cid);
            return;
        }

        if (same is not null)
        {
            if (publisher.QueuedTracks.Count(q => q.Cid == request.Cid) >= services.Limits.QueuedPerCid)
            {
                reports.Count(publisher, ClientLimit.Tracks, now);
                Respond(publisher, Reason.LimitExceeded, "too many announcements of one track", request);
                return;
            }

            publisher.QueuedTracks.Add(request);
            Respond(publisher, Reason.Queued, "waiting for the published track to end", request);
            return;
        }

        var info = TrackAnnouncement.MakeInfo(request, services.Sids.Next(SidPrefix(request)), state.Options);
        if (!MayTell(publisher, info.CalculateSize(), request, now))
        {
            return;
        }

        var track = new Track(new TrackSid(info.Sid), publisher, info) { Media = TrackAnnouncement.ToMedia(info, request, publisher.Sid) };
        publisher.Tracks.Add(info.Sid, track);
        state.Tracks.Add(track);
        publisher.Media.Publish(track.Media, now);
        Confirm(publisher, track, request.Cid);
    }

    /// <summary>Media knows how a track is carried: it is now published.</summary>
    public void Negotiated(Participant publisher, TrackSid sid, string cid, string mid, string mimeType, Instant now)
    {
        if (!publisher.Tracks.TryGetValue(sid.Value, out var track))
        {
            return;
        }

        var codec = track.Info.Codecs.FirstOrDefault(c => c.Cid == cid)
            ?? track.Info.Codecs.FirstOrDefault(c => string.Equals(c.MimeType, mimeType, StringComparison.OrdinalIgnoreCase));
        if (codec is null)
        {
            codec = new SimulcastCodecInfo { Cid = cid };
            codec.Layers.AddRange(track.Info.Layers.Select(l => l.Clone()));
            track.Info.Codecs.Add(codec);
        }

        codec.MimeType = mimeType;
        codec.Mid = mid;
        if (codec == track.Info.Codecs[0])
        {
            track.Info.MimeType = mimeType;
            track.Info.Mid = mid;
        }

        var first = !track.Published;
        track.Published = true;
        Changed(track, now);
        news.Publish(publisher, now);
        if (first)
        {
            subscriptions.TrackPublished(track, now);
            events.TrackPublished(publisher, track);
            updates.CountsChanged(now);
        }
    }

    public void SetMuted(Participant publisher, Track track, bool muted, Instant now)
    {
        if (track.Info.Muted == muted)
        {
            return;
        }

        track.Info.Muted = muted;
        publisher.Media.SetMuted(track.Sid, muted, now);
        if (track.Published)
        {
            Changed(track, now);
            news.Publish(publisher, now);
        }
    }

    public void UpdateAudio(Participant publisher, UpdateLocalAudioTrack request, Instant now)
    {
        if (!publisher.Tracks.TryGetValue(request.TrackSid, out var track))
        {
            Respond(publisher, new RequestResponse { Reason = Reason.NotFound, Message = "no such track", UpdateAudioTrack = request });
            return;
        }

        if (request.Features.Count > JoinLimits.MaxFeatures)
        {
            reports.Count(publisher, ClientLimit.Tracks, now);
            return;
        }

        track.Info.AudioFeatures.Clear();
        track.Info.AudioFeatures.AddRange(KnownValues.Of(request.Features));
        track.Info.Stereo = request.Features.Contains(AudioTrackFeature.TfStereo);
        track.Info.DisableDtx = request.Features.Contains(AudioTrackFeature.TfNoDtx);
        Changed(track, now);
        news.Publish(publisher, now);
    }

    public void UpdateVideo(Participant publisher, UpdateLocalVideoTrack request, Instant now)
    {
        if (!publisher.Tracks.TryGetValue(request.TrackSid, out var track))
        {
            Respond(publisher, new RequestResponse { Reason = Reason.NotFound, Message = "no such track", UpdateVideoTrack = request });
            return;
        }

        track.Info.Width = request.Width;
        track.Info.Height = request.Height;
        Changed(track, now);
        news.Publish(publisher, now);
    }

    /// <summary>The client stopped publishing.</summary>
    public void Ended(Participant publisher, TrackSid sid, Instant now)
    {
        if (publisher.Tracks.TryGetValue(sid.Value, out var track))
        {
            Remove(publisher, track, now);
        }
    }

    /// <summary>The node ends a track, and tells its publisher.</summary>
    private void Unpublish(Participant publisher, Track track, Instant now)
    {
        publisher.Media.Unpublish(track.Sid, now);
        publisher.Send(new SignalResponse { TrackUnpublished = new TrackUnpublishedResponse { TrackSid = track.Sid.Value } });
        Remove(publisher, track, now);
    }

    /// <summary>Ends what the publisher may not publish any more.</summary>
    public void UnpublishForbidden(Participant publisher, Instant now)
    {
        foreach (var track in publisher.Tracks.Values.Where(t => !MayPublish(publisher, t.Info.Source)).ToArray())
        {
            Unpublish(publisher, track, now);
        }
    }

    /// <summary>The publisher is gone. Others learn of its tracks as they learn of it.</summary>
    public void RemoveAll(Participant publisher)
    {
        foreach (var track in publisher.Tracks.Values.ToArray())
        {
            state.Tracks.Remove(track);
            subscriptions.TrackGone(track);
            if (track.Published)
            {
                events.TrackUnpublished(publisher, track);
            }
        }

        publisher.Tracks.Clear();
    }

    private void Remove(Participant publisher, Track track, Instant now)
    {
        publisher.Tracks.Remove(track.Sid.Value);
        state.Tracks.Remove(track);
        subscriptions.TrackGone(track);
        publisher.Changed();
        if (track.Published)
        {
            news.Publish(publisher, now, tracksChanged: true);
            events.TrackUnpublished(publisher, track);
            updates.CountsChanged(now);
        }

        // Whoever waited for this cid to become free has its turn.
        var next = publisher.QueuedTracks.FindIndex(q => track.HasCid(q.Cid));
        if (next >= 0)
        {
            var request = publisher.QueuedTracks[next];
            publisher.QueuedTracks.RemoveAt(next);
            Announce(publisher, request, now);
        }
    }

    private void AddEncodings(Participant publisher, AddTrackRequest request, Instant now)
    {
        if (!publisher.Tracks.TryGetValue(request.Sid, out var track))
        {
            Respond(publisher, Reason.NotFound, "no such track", request);
            return;
        }

        var next = track.Info.Clone();
        TrackAnnouncement.AddBackupCodecs(next, request, state.Options);
        if (!MayTell(publisher, next.CalculateSize() - track.Info.CalculateSize(), request, now))
        {
            return;
        }

        TrackAnnouncement.AddBackupCodecs(track.Info, request, state.Options);
        track.Media = TrackAnnouncement.ToMedia(track.Info, request, publisher.Sid);
        publisher.Media.Publish(track.Media, now);
        Confirm(publisher, track, request.Cid);
    }

    private (Reason Reason, string Text)? Refuse(Participant publisher, AddTrackRequest request)
    {
        var limits = services.Limits;
        if (!MayPublish(publisher, request.Source))
        {
            return (Reason.NotAllowed, "not allowed to publish this source");
        }

        if (request.Type is not (TrackType.Audio or TrackType.Video))
        {
            return (Reason.UnsupportedType, "only audio and video tracks can be published this way");
        }

        if (state.Options.E2eeRequired && request.Encryption == Encryption.Types.Type.None && request.Sid.Length == 0)
        {
            return (Reason.NotAllowed, "this room requires end-to-end encryption: announce the track with its encryption type");
        }

        if (request.Cid.Length is 0 or > JoinLimits.MaxName || request.Name.Length > JoinLimits.MaxName || request.Stream.Length > JoinLimits.MaxName)
        {
            return (Reason.InvalidRequest, "a cid is missing or a name is too long");
        }

        if (request.Layers.Count > limits.EncodingsPerTrack || request.SimulcastCodecs.Count > limits.EncodingsPerTrack
            || request.SimulcastCodecs.Any(c => c.Layers.Count > limits.EncodingsPerTrack || c.Cid.Length > JoinLimits.MaxName || c.Codec.Length > JoinLimits.MaxName))
        {
            return (Reason.InvalidRequest, "too many layers or codecs");
        }

        if (request.Layers.Concat(request.SimulcastCodecs.SelectMany(c => c.Layers)).Any(l => l.Rid.Length > JoinLimits.MaxRid)
            || request.AudioFeatures.Count > JoinLimits.MaxFeatures || request.PacketTrailerFeatures.Count > JoinLimits.MaxFeatures)
        {
            return (Reason.InvalidRequest, "a layer's rid is too long or there are too many features");
        }

        if (request.Sid.Length == 0
            && (publisher.Tracks.Count >= limits.Tracks || publisher.Tracks.Values.Count(t => !t.Published) >= limits.PendingTracks)
            && !publisher.Tracks.Values.Any(t => t.HasCid(request.Cid)))
        {
            return (Reason.LimitExceeded, "too many tracks");
        }

        return null;
    }

    private bool MayPublish(Participant publisher, TrackSource source) =>
        (state.Options.AllowScreenShare || source is not (TrackSource.ScreenShare or TrackSource.ScreenShareAudio))
        && Permissions.MayPublish(publisher.Permission, source);

    /// <summary>False, and answered, when others would have to be told too much.</summary>
    private bool MayTell(Participant publisher, int bytes, AddTrackRequest request, Instant now)
    {
        var may = bounds.MayAnnounce(publisher, bytes);
        if (!may)
        {
            reports.Count(publisher, ClientLimit.Tracks, now);
            Respond(publisher, Reason.LimitExceeded, "what all tracks say of themselves is too long", request);
        }

        return may;
    }

    private void Changed(Track track, Instant now)
    {
        track.Info.Version = _versions.Next(now);
        track.Publisher.Changed();
    }

    private static void Confirm(Participant publisher, Track track, string cid) =>
        publisher.Send(new SignalResponse { TrackPublished = new TrackPublishedResponse { Cid = cid, Track = track.Info.Clone() } });

    private static void Respond(Participant publisher, Reason reason, string text, AddTrackRequest request) =>
        Respond(publisher, new RequestResponse { Reason = reason, Message = text, AddTrack = request });

    private static void Respond(Participant publisher, RequestResponse response) =>
        publisher.Send(new SignalResponse { RequestResponse = response });

    private static string SidPrefix(AddTrackRequest request) => request.Source switch
    {
        TrackSource.Camera => "TR_VC",
        TrackSource.Microphone => "TR_AM",
        TrackSource.ScreenShare => "TR_VS",
        TrackSource.ScreenShareAudio => "TR_AS",
        _ => "TR_",
    };
}

/// <summary>Orders changes of tracks, also those within one microsecond. Used on one loop.</summary>
internal sealed class TrackVersions(WallClock clock)
{
    private long _lastMicros;
    private int _ticks;

    public TimedVersion Next(Instant now)
    {
        var micros = clock.At(now).ToUnixTimeMilliseconds() * 1000;
        _ticks = micros == _lastMicros ? _ticks + 1 : 0;
        _lastMicros = micros;
        return new TimedVersion { UnixMicro = micros, Ticks = _ticks };
    }
}
