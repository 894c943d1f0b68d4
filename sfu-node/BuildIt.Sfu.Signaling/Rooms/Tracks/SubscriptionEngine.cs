using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;

namespace BuildIt.Sfu.Signaling.Rooms.Tracks;

/// <summary>Decides who receives which track: wish or auto-subscribe, permission to subscribe, and the publisher's consent.</summary>
internal sealed class SubscriptionEngine(
    RoomMembers members, RoomTracks tracks, Newcomers newcomers, ClientLimits limits, LimitReports reports, RoomTimer timer)
{
    /// <summary>How long a wished track may be missing before the client is told.</summary>
    public static readonly TimeSpan NotFoundAfter = TimeSpan.FromSeconds(60);

    /// <summary>Applies the rules to one pair.</summary>
    public void Reconcile(Participant subscriber, Track track, Instant now)
    {
        if (Apply(subscriber, track, now))
        {
            newcomers.Tell(subscriber, [track.Publisher]);
        }
    }

    /// <returns>Whether the subscriber receives this publisher from now on and did not before.</returns>
    private bool Apply(Participant subscriber, Track track, Instant now)
    {
        if (subscriber == track.Publisher)
        {
            return false;
        }

        subscriber.Subscriptions.TryGetValue(track.Sid.Value, out var subscription);
        var wanted = track.Published
            && subscriber.Permission.CanSubscribe
            && !track.Publisher.Hidden
            && (subscription?.Asked ?? subscriber.Join.AutoSubscribe);
        var allowed = track.Publisher.Access?.Allows(subscriber, track.Sid.Value) ?? true;
        if (subscription is null)
        {
            if (!wanted || !TryTrack(subscriber, track.Sid.Value, now, out subscription))
            {
                return false;
            }
        }

        subscription.NotFoundAt = Instant.Never;
        if (wanted && subscription.Denied == allowed)
        {
            subscription.Denied = !allowed;
            TellPermission(subscriber, track, allowed);
        }

        // Media alone knows what is subscribed: here is only what should be.
        var active = wanted && allowed;
        var isActive = subscriber.Media.IsSubscribed(track.Sid);
        if (active && !isActive && subscriber.HeldNews is null)
        {
            var first = !subscriber.Receives(track.Publisher);
            subscriber.Media.Subscribe(track.Sid, subscription.Settings, now);
            return first;
        }

        if (!active && isActive)
        {
            subscription.Paused = false;
            subscriber.Media.Unsubscribe(track.Sid, now);
            if (newcomers.Speaks(track.Publisher) && !subscriber.Receives(track.Publisher))
            {
                // The subscriber will not hear of this speaker again, so it must not be left marked as speaking.
                subscriber.Send(ReceiverNews.SpeakersMessage([new SpeakerInfo { Sid = track.Publisher.Sid.Value }]));
            }
        }

        return false;
    }

    /// <summary>A track is now published: offers it to everybody.</summary>
    public void TrackPublished(Track track, Instant now)
    {
        foreach (var subscriber in members.Here)
        {
            Reconcile(subscriber, track, now);
        }
    }

    /// <summary>A track is gone. Media has ended its subscriptions already.</summary>
    public void TrackGone(Track track)
    {
        foreach (var subscriber in members.Here)
        {
            subscriber.Subscriptions.Remove(track.Sid.Value);
        }
    }

    /// <summary>Everything about one subscriber: on join and when its permissions change.</summary>
    public void ReconcileSubscriber(Participant subscriber, Instant now)
    {
        var received = new HashSet<Member>();
        foreach (var track in tracks.Media)
        {
            if (Apply(subscriber, track, now))
            {
                received.Add(track.Publisher);
            }
        }

        newcomers.Tell(subscriber, received);
    }

    /// <summary>Somebody receives a track: its publisher is told the first time.</summary>
    public void TellFirst(TrackSid track)
    {
        if (tracks.Find(track.Value) is { EverSubscribed: false } published)
        {
            published.EverSubscribed = true;
            published.Publisher.Send(new SignalResponse { TrackSubscribed = new TrackSubscribed { TrackSid = track.Value } });
        }
    }

    /// <summary>A subscriber wishes for tracks, or wishes for them no more.</summary>
    /// <param name="subscriber">Who.</param>
    /// <param name="trackSids">Some of the tracks.</param>
    /// <param name="ofPublishers">The others, by who publishes them.</param>
    /// <param name="subscribe">Whether it wishes for them.</param>
    /// <param name="now">Now.</param>
    public void Update(Participant subscriber, IEnumerable<string> trackSids, IEnumerable<ParticipantTracks> ofPublishers, bool subscribe, Instant now)
    {
        Update(subscriber, trackSids, subscribe, now);
        foreach (var publisher in ofPublishers)
        {
            Update(subscriber, publisher.TrackSids, subscribe, now);
        }
    }

    private void Update(Participant subscriber, IEnumerable<string> trackSids, bool subscribe, Instant now)
    {
        foreach (var sid in trackSids)
        {
            if (!TryTrack(subscriber, sid, now, out var subscription))
            {
                return;
            }

            subscription.Asked = subscribe;
            if (tracks.Find(sid) is { } track)
            {
                Reconcile(subscriber, track, now);
            }
            else if (subscribe)
            {
                subscription.NotFoundAt = now + NotFoundAfter;
                timer.Schedule(subscription.NotFoundAt);
            }
            else
            {
                subscription.NotFoundAt = Instant.Never;
            }
        }
    }

    public void UpdateSettings(Participant subscriber, UpdateTrackSettings request, Instant now)
    {
        var settings = new SubscriptionSettings
        {
            Disabled = request.Disabled,
            Quality = request.Quality is >= VideoQuality.Low and <= VideoQuality.Off ? (VideoQualityLevel)request.Quality : VideoQualityLevel.High,
            Width = (int)Math.Min(request.Width, ushort.MaxValue),
            Height = (int)Math.Min(request.Height, ushort.MaxValue),
            Priority = (int)Math.Min(request.Priority, int.MaxValue),
        };
        foreach (var sid in request.TrackSids)
        {
            if (!TryTrack(subscriber, sid, now, out var subscription))
            {
                return;
            }

            subscription.Settings = settings;
            var track = new TrackSid(sid);
            if (subscriber.Media.IsSubscribed(track))
            {
                subscriber.Media.UpdateSubscription(track, settings, now);
            }
        }
    }

    /// <summary>Media cannot send what is subscribed to, now or at all.</summary>
    public static void Failed(Participant subscriber, TrackSid track, SubscriptionFailure reason) =>
        Report(subscriber, track.Value, (SubscriptionError)reason);

    /// <summary>Media paused a track for want of bandwidth, or goes on with it.</summary>
    public void StreamState(Participant subscriber, Track track, bool paused)
    {
        if (subscriber.Subscriptions.TryGetValue(track.Sid.Value, out var subscription))
        {
            subscription.Paused = paused;
        }

        subscriber.Send(new SignalResponse { StreamStateUpdate = new StreamStateUpdate { StreamStates = { StateOf(track, paused) } } });
    }

    /// <summary>Tells a subscriber whose signal connection was away what it may have missed: who denies it what, and what is paused.</summary>
    public void TellAgain(Participant subscriber)
    {
        var states = new StreamStateUpdate();
        foreach (var (sid, subscription) in subscriber.Subscriptions)
        {
            if (tracks.Find(sid) is not { } track)
            {
                continue;
            }

            var isActive = subscriber.Media.IsSubscribed(track.Sid);
            if (isActive)
            {
                states.StreamStates.Add(StateOf(track, subscription.Paused));
            }

            if (isActive || subscription.Denied)
            {
                TellPermission(subscriber, track, allowed: !subscription.Denied);
            }
        }

        if (states.StreamStates.Count > 0)
        {
            subscriber.Send(new SignalResponse { StreamStateUpdate = states });
        }
    }

    /// <returns>When to look again.</returns>
    public static Instant HandleTimeout(Participant subscriber, Instant now)
    {
        var next = Instant.Never;
        foreach (var (sid, subscription) in subscriber.Subscriptions)
        {
            if (subscription.NotFoundAt <= now)
            {
                subscription.NotFoundAt = Instant.Never;
                Report(subscriber, sid, SubscriptionError.SeTrackNotfound);
            }

            next = Instant.Min(next, subscription.NotFoundAt);
        }

        return next;
    }

    private bool TryTrack(Participant subscriber, string sid, Instant now, out SubscriptionState subscription)
    {
        if (subscriber.Subscriptions.TryGetValue(sid, out subscription!))
        {
            return true;
        }

        // Names are the client's: neither their number nor their length may grow without bound.
        if (subscriber.Subscriptions.Count >= limits.Subscriptions || sid.Length > Join.JoinLimits.MaxName)
        {
            reports.Count(subscriber, ClientLimit.Subscriptions, now);
            return false;
        }

        subscription = new SubscriptionState();
        subscriber.Subscriptions.Add(sid, subscription);
        return true;
    }

    private static void TellPermission(Participant subscriber, Track track, bool allowed) =>
        subscriber.Send(new SignalResponse
        {
            SubscriptionPermissionUpdate = new SubscriptionPermissionUpdate
            {
                ParticipantSid = track.Publisher.Sid.Value,
                TrackSid = track.Sid.Value,
                Allowed = allowed,
            },
        });

    private static StreamStateInfo StateOf(Track track, bool paused) => new()
    {
        ParticipantSid = track.Publisher.Sid.Value,
        TrackSid = track.Sid.Value,
        State = paused ? Protocol.StreamState.Paused : Protocol.StreamState.Active,
    };

    private static void Report(Participant subscriber, string sid, SubscriptionError error) =>
        subscriber.Send(new SignalResponse { SubscriptionResponse = new SubscriptionResponse { TrackSid = sid, Err = error } });
}
