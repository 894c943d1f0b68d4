using BuildIt.Sfu.Signaling.Protocol;
using Request = BuildIt.Sfu.Signaling.Protocol.SignalRequest.MessageOneofCase;

namespace BuildIt.Sfu.Signaling.Rooms.Limits;

/// <summary>
/// Requests with long lists, as several short ones that come to the same: the loop, which is that of media and of other rooms, does
/// other things between them. What a list names twice is done once. Pure; made before the loop is asked.
/// </summary>
internal static class RequestSlices
{
    /// <summary>Tracks of one slice: each is a few table look-ups and at most one change of what media forwards.</summary>
    public const int Tracks = 100;

    /// <summary>Publishers of one slice of a replay, each of which may mean <see cref="ClientLimits.ReplayBytes"/> of messages.</summary>
    public const int Replays = 1;

    public static IEnumerable<SignalRequest> Of(SignalRequest request) => request.MessageCase switch
    {
        Request.Subscription => Subscriptions(request.Subscription),
        Request.TrackSetting => Settings(request.TrackSetting),
        Request.UpdateDataSubscription => DataSubscriptions(request.UpdateDataSubscription),
        Request.SyncState => Of(request.SyncState),
        _ => [request],
    };

    private static IEnumerable<SignalRequest> Of(SyncState state)
    {
        // Whether both agree about what is published decides whether the rest matters.
        var tracks = new SyncState();
        tracks.PublishTracks.AddRange(state.PublishTracks.DistinctBy(p => p.Track?.Sid ?? ""));
        yield return new SignalRequest { SyncState = tracks };

        IEnumerable<SignalRequest> rest = state.Subscription is { } subscription ? Subscriptions(subscription) : [];
        if (state.TrackSidsDisabled.Count > 0)
        {
            var disabled = new UpdateTrackSettings { Disabled = true };
            disabled.TrackSids.AddRange(state.TrackSidsDisabled);
            rest = rest.Concat(Settings(disabled));
        }

        if (state.DataSubscription is { } data)
        {
            rest = rest.Concat(DataSubscriptions(data));
        }

        foreach (var request in rest)
        {
            yield return request;
        }

        // The least that somebody says to have is what is missing for sure.
        foreach (var some in state.DatachannelReceiveStates.GroupBy(s => s.PublisherSid).Select(g => g.MinBy(s => s.LastSeq)!).Chunk(Replays))
        {
            var replay = new SyncState();
            replay.DatachannelReceiveStates.AddRange(some);
            yield return new SignalRequest { SyncState = replay };
        }
    }

    private static IEnumerable<SignalRequest> Subscriptions(UpdateSubscription request) =>
        request.TrackSids.Concat(request.ParticipantTracks.SelectMany(p => p.TrackSids)).Distinct().Chunk(Tracks).Select(sids =>
        {
            var slice = new UpdateSubscription { Subscribe = request.Subscribe };
            slice.TrackSids.AddRange(sids);
            return new SignalRequest { Subscription = slice };
        });

    private static IEnumerable<SignalRequest> Settings(UpdateTrackSettings request) =>
        request.TrackSids.Distinct().Chunk(Tracks).Select(sids =>
        {
            var slice = new UpdateTrackSettings
            {
                Disabled = request.Disabled,
                Quality = request.Quality,
                Width = request.Width,
                Height = request.Height,
                Fps = request.Fps,
                Priority = request.Priority,
            };
            slice.TrackSids.AddRange(sids);
            return new SignalRequest { TrackSetting = slice };
        });

    /// <summary>The last wish about a track counts.</summary>
    private static IEnumerable<SignalRequest> DataSubscriptions(UpdateDataSubscription request) =>
        request.Updates.Reverse().DistinctBy(u => u.TrackSid).Reverse().Chunk(Tracks).Select(updates =>
        {
            var slice = new UpdateDataSubscription();
            slice.Updates.AddRange(updates);
            return new SignalRequest { UpdateDataSubscription = slice };
        });
}
