using BuildIt.Operator.Api;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Rooms;
using BuildIt.RoomApi.Tokens;

namespace BuildIt.RoomApi.Moderation;

/// <summary>
/// Carries out what hosts and moderators decide. First durably (the room's annotation), then where nodes look (Redis), then
/// on the nodes that serve the room; a node that misses the last learns it from the second. Thread-safe.
/// </summary>
public sealed class Moderator(
    RoomStore rooms, RevocationRegistry revocations, RoomNodes nodes, NodeClient client, TimeProvider time)
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>In milliseconds: whoever is put out holds no token that counts, although the clock of another replica is ahead of ours.</summary>
    private const long ClockSlack = 1000;

    /// <summary>Within this a participant who was put out has left.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Puts somebody out for good: their tokens stop counting, they get no new one, and they are disconnected.</summary>
    /// <returns>True when they were on a node and are no more, by its word; false when they were on none, or no node answered.</returns>
    public async Task<bool> RevokeAsync(ConferenceRoom room, ParticipantId participant, CancellationToken cancellation)
    {
        var decision = RoomAnnotations.Of(room, participant) with { Revoked = true, TokensFrom = Now() + ClockSlack };
        var present = await WriteAsync(room, participant, decision, removes: true, cancellation);
        return await RemoveAsync(room, participant, cancellation) switch
        {
            NodeAnswer.Done => true,

            // The registry tells their node as well, mostly before it is asked here.
            NodeAnswer.NotThere => present,
            _ => false,
        };
    }

    /// <summary>Lets somebody who was put out come back; old tokens stay worthless.</summary>
    public Task ReinstateAsync(ConferenceRoom room, ParticipantId participant, CancellationToken cancellation)
    {
        var before = RoomAnnotations.Of(room, participant);
        var decision = before with { Revoked = false, TokensFrom = Math.Max(before.TokensFrom, Now()) };
        return WriteAsync(room, participant, decision, removes: false, cancellation);
    }

    /// <summary>Gives a role, at once where the participant is connected. A lower role makes older tokens worthless.</summary>
    /// <returns>True when a node carried it out on a connected participant.</returns>
    public async Task<bool> SetRoleAsync(ConferenceRoom room, ParticipantId participant, Role role, CancellationToken cancellation)
    {
        var before = RoomAnnotations.Of(room, participant);
        var demoted = role > before.EffectiveRole;
        var decision = before with { Role = role, TokensFrom = demoted ? Math.Max(before.TokensFrom, Now()) : before.TokensFrom };
        if (demoted)
        {
            // Whoever is connected keeps the connection and loses the rights, below.
            await WriteAsync(room, participant, decision, removes: false, cancellation);
        }
        else
        {
            await rooms.DecideAsync(room.Metadata.Name, participant, decision, cancellation);
        }

        var permissions = Permissions.Of(role, room.Spec.Settings);
        var answers = await OnNodesAsync(room, endpoint => client.UpdateAsync(endpoint, room.Metadata.Name, participant, role, permissions, cancellation), cancellation);
        if (demoted && answers.Contains(NodeAnswer.Failed))
        {
            // Rights that could not be taken away would last as long as the connection: it has to end.
            await WriteAsync(room, participant, decision, removes: true, cancellation);
        }

        return answers.Contains(NodeAnswer.Done);
    }

    /// <summary>Mutes tracks of a connected participant. Nobody is unmuted from outside.</summary>
    /// <param name="room">The room.</param>
    /// <param name="participant">Who.</param>
    /// <param name="chosen">Which of their tracks, by sid and source.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>The sids that were muted; null when the participant is on no node.</returns>
    public async Task<IReadOnlyList<string>?> MuteAsync(
        ConferenceRoom room, ParticipantId participant, Func<string, string, bool> chosen, CancellationToken cancellation)
    {
        var name = room.Metadata.Name;
        List<string>? muted = null;
        foreach (var endpoint in await nodes.EndpointsAsync(room, cancellation))
        {
            var (answer, tracks) = await client.TracksAsync(endpoint, name, participant, cancellation);
            if (answer != NodeAnswer.Done)
            {
                continue;
            }

            muted ??= [];
            foreach (var (sid, _) in tracks.Where(track => chosen(track.Sid, track.Source)))
            {
                if (await client.MuteAsync(endpoint, name, participant, sid, cancellation) == NodeAnswer.Done)
                {
                    muted.Add(sid);
                }
            }
        }

        return muted;
    }

    /// <returns>Whether they were in the room until now, as far as the registry knows.</returns>
    private async Task<bool> WriteAsync(ConferenceRoom room, ParticipantId participant, Decision decision, bool removes, CancellationToken cancellation)
    {
        await rooms.DecideAsync(room.Metadata.Name, participant, decision, cancellation);
        try
        {
            return await revocations.WriteAsync(room.Metadata.Name, participant, decision, removes, cancellation);
        }
        catch (RegistryUnavailableException) when (removes)
        {
            // Durable already: nodes are told below, and Redis by RevocationKeeper when it is back.
            return false;
        }
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Not there when no node has them, failed when one did not answer to the end.</summary>
    private async Task<NodeAnswer> RemoveAsync(ConferenceRoom room, ParticipantId participant, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            var answers = await OnNodesAsync(room, endpoint => client.RemoveAsync(endpoint, room.Metadata.Name, participant, cancellation), cancellation);
            if (answers.Contains(NodeAnswer.Done))
            {
                return NodeAnswer.Done;
            }

            if (!answers.Contains(NodeAnswer.Failed))
            {
                return NodeAnswer.NotThere;
            }

            if (time.GetElapsedTime(start) + RetryInterval > Patience)
            {
                return NodeAnswer.Failed;
            }

            await Task.Delay(RetryInterval, time, cancellation);
        }
    }

    private async Task<IReadOnlyList<NodeAnswer>> OnNodesAsync(ConferenceRoom room, Func<string, Task<NodeAnswer>> call, CancellationToken cancellation) =>
        await Task.WhenAll((await nodes.EndpointsAsync(room, cancellation)).Select(call));
}
