using BuildIt.Operator.Api;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Rooms;
using BuildIt.RoomApi.Tokens;

namespace BuildIt.RoomApi.Moderation;

/// <summary>
/// Carries out what hosts and moderators decide. What takes rights away takes effect at once where nodes look (Redis) and on the
/// nodes that serve the room, and is meanwhile made durable (the room's annotation); where the Kubernetes API does not take it now,
/// it counts all the same and is written later. What gives rights has to be durable first. Thread-safe.
/// </summary>
public sealed class Moderator(
    RoomStore rooms, RevocationRegistry revocations, UndurableDecisions undurable, RoomNodes nodes, NodeClient client, TimeProvider time)
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>In milliseconds: whoever is put out holds no token that counts, although the clock of another replica is ahead of ours.</summary>
    private const long ClockSlack = 1000;

    /// <summary>Within this a participant who was put out has left.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>How long whoever decides waits for the Kubernetes API after everything else is done.</summary>
    private static readonly TimeSpan DurablePatience = TimeSpan.FromSeconds(2);

    /// <summary>Puts somebody out for good: their tokens stop counting, they get no new one, and they are disconnected.</summary>
    /// <returns>Done when they were on a node and are no more, by its word or the registry's.</returns>
    public async Task<Outcome> RevokeAsync(ConferenceRoom room, ParticipantId participant, CancellationToken cancellation)
    {
        var from = Now() + ClockSlack;
        Decision Revoked(Decision before) => before with { Revoked = true, TokensFrom = Math.Max(before.TokensFrom, from) };
        var decision = Revoked(RoomAnnotations.Of(room, participant));
        var durable = rooms.DecideAsync(room.Metadata.Name, participant, Revoked, cancellation);
        var present = await TellAsync(room, participant, decision, removes: true, cancellation);
        var effect = await RemoveAsync(room, participant, cancellation);
        if (effect == Effect.None && present)
        {
            // The registry tells their node as well, mostly before it is asked here.
            effect = Effect.Done;
        }

        return new Outcome(effect, await IsDurableAsync(room, participant, decision, durable, cancellation));
    }

    /// <summary>Lets somebody who was put out come back; old tokens stay worthless.</summary>
    /// <exception cref="DecisionOverruledException">They were put out again meanwhile.</exception>
    public async Task ReinstateAsync(ConferenceRoom room, ParticipantId participant, CancellationToken cancellation)
    {
        var seen = RoomAnnotations.Of(room, participant);
        var now = Now();
        var decision = await rooms.DecideAsync(
            room.Metadata.Name,
            participant,
            current => current.Outdates(seen) && current.Revoked
                ? throw new DecisionOverruledException("This participant was put out again meanwhile.")
                : current with { Revoked = false, TokensFrom = Math.Max(Math.Max(current.TokensFrom, seen.TokensFrom), now) },
            cancellation);
        if (decision is not null)
        {
            await revocations.WriteAsync(room.Metadata.Name, participant, decision, removes: false, cancellation);
        }
    }

    /// <summary>Gives a role, at once where the participant is connected. A lower role makes older tokens worthless.</summary>
    /// <returns>
    /// Done when a node gave it to the connected participant. When that is unknown of a lower role they are being disconnected; of a
    /// higher one they have it when they come again, if not before.
    /// </returns>
    /// <exception cref="DecisionOverruledException">They were put out meanwhile.</exception>
    public async Task<Outcome> SetRoleAsync(ConferenceRoom room, ParticipantId participant, Role role, CancellationToken cancellation)
    {
        var now = Now();
        Decision Given(Decision before) => before.Revoked
            ? throw new DecisionOverruledException("This participant was put out meanwhile: let them back first, with DELETE on .../revoke.")
            : before with { Role = role, TokensFrom = role > before.EffectiveRole ? Math.Max(before.TokensFrom, now) : before.TokensFrom };
        var seen = RoomAnnotations.Of(room, participant);
        var demoted = role > seen.EffectiveRole;
        var decision = Given(seen);
        var durable = rooms.DecideAsync(room.Metadata.Name, participant, Given, cancellation);
        if (demoted)
        {
            // Whoever is connected keeps the connection and loses the rights, below.
            await TellAsync(room, participant, decision, removes: false, cancellation);
        }
        else
        {
            await durable;
        }

        var permissions = Permissions.Of(role, room.Spec.Settings);
        var answers = await OnNodesAsync(room, endpoint => client.UpdateAsync(endpoint, room.Metadata.Name, participant, role, permissions, cancellation), cancellation);
        if (demoted && answers.Contains(NodeAnswer.Unknown))
        {
            // Rights that were not taken away would last as long as the connection: it has to end.
            await TellAsync(room, participant, decision, removes: true, cancellation);
        }

        return new Outcome(EffectOf(answers), !demoted || await IsDurableAsync(room, participant, decision, durable, cancellation));
    }

    /// <summary>Mutes tracks of a connected participant. Nobody is unmuted from outside.</summary>
    /// <param name="room">The room.</param>
    /// <param name="participant">Who.</param>
    /// <param name="chosen">Which of their tracks, by sid and source.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>What was muted; null when the participant is on no node.</returns>
    /// <exception cref="NodeSilentException">Whether they are on a node is not known.</exception>
    public async Task<Muted?> MuteAsync(
        ConferenceRoom room, ParticipantId participant, Func<string, string, bool> chosen, CancellationToken cancellation)
    {
        var name = room.Metadata.Name;
        var (found, silent) = (false, false);
        List<string> muted = [];
        List<string> unknown = [];
        foreach (var endpoint in await nodes.EndpointsAsync(room, cancellation))
        {
            var (answer, tracks) = await client.TracksAsync(endpoint, name, participant, cancellation);
            silent |= answer == NodeAnswer.Unknown;
            found |= answer == NodeAnswer.Done;
            foreach (var (sid, _) in tracks.Where(track => chosen(track.Sid, track.Source)))
            {
                switch (await client.MuteAsync(endpoint, name, participant, sid, cancellation))
                {
                    case NodeAnswer.Done:
                        muted.Add(sid);
                        break;
                    case NodeAnswer.Unknown:
                        unknown.Add(sid);
                        break;
                }
            }
        }

        if (found)
        {
            return new Muted(muted, unknown);
        }

        return silent ? throw new NodeSilentException() : null;
    }

    /// <summary>Has the registry refuse older tokens. While it is away nodes are told alone, and it by RevocationKeeper when it is back.</summary>
    /// <returns>Whether they were in the room until now, as far as the registry knows.</returns>
    private async Task<bool> TellAsync(ConferenceRoom room, ParticipantId participant, Decision decision, bool removes, CancellationToken cancellation)
    {
        try
        {
            return await revocations.WriteAsync(room.Metadata.Name, participant, decision, removes, cancellation);
        }
        catch (RegistryUnavailableException)
        {
            return false;
        }
    }

    /// <summary>Whether a decision that counts already has become durable; otherwise it is kept to be written later.</summary>
    /// <exception cref="KubernetesUnavailableException">It can be kept nowhere.</exception>
    private async Task<bool> IsDurableAsync(
        ConferenceRoom room, ParticipantId participant, Decision decision, Task<Decision?> durable, CancellationToken cancellation)
    {
        try
        {
            await durable.WaitAsync(DurablePatience, time, cancellation);
            return true;
        }
        catch (TimeoutException)
        {
            // It goes on, and may still succeed: the decision is kept for the case that it does not.
            _ = durable.ContinueWith(late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            await undurable.PutAsync(room.Metadata.Name, participant, decision, cancellation);
            return false;
        }
        catch (KubernetesUnavailableException away)
        {
            try
            {
                await undurable.PutAsync(room.Metadata.Name, participant, decision, cancellation);
                return false;
            }
            catch (RegistryUnavailableException)
            {
                throw new KubernetesUnavailableException(away);
            }
        }
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private static Effect EffectOf(IReadOnlyList<NodeAnswer> answers) =>
        answers.Contains(NodeAnswer.Done) ? Effect.Done : answers.Contains(NodeAnswer.Unknown) ? Effect.Unknown : Effect.None;

    /// <summary>Asks again while a node does not answer.</summary>
    private async Task<Effect> RemoveAsync(ConferenceRoom room, ParticipantId participant, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            var answers = await OnNodesAsync(room, endpoint => client.RemoveAsync(endpoint, room.Metadata.Name, participant, cancellation), cancellation);
            if (EffectOf(answers) is var effect && (effect != Effect.Unknown || time.GetElapsedTime(start) + RetryInterval > Patience))
            {
                return effect;
            }

            await Task.Delay(RetryInterval, time, cancellation);
        }
    }

    private async Task<IReadOnlyList<NodeAnswer>> OnNodesAsync(ConferenceRoom room, Func<string, Task<NodeAnswer>> call, CancellationToken cancellation) =>
        await Task.WhenAll((await nodes.EndpointsAsync(room, cancellation)).Select(call));
}
