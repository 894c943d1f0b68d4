using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Registry;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Rooms;

namespace BuildIt.Sfu.Node.Routing;

/// <summary>
/// Refuses revoked tokens, and newcomers to a locked room. Whoever was in the room when its node was lost is no newcomer:
/// presence in the registry remembers them. Thread-safe.
/// </summary>
public sealed class RegistryJoinGate(IRegionRegistry registry, RouteTable table, RevocationList revocations, RoomDirectory directory) : IJoinGate
{
    public async ValueTask<JoinError?> CheckAsync(JoinAttempt attempt, CancellationToken cancel)
    {
        if (attempt.Room.Length is 0 or > RoomId.MaxLength)
        {
            return null;
        }

        var room = new RoomId(attempt.Room);
        var identity = attempt.Claims.Identity;
        try
        {
            if (await registry.FindRevocationAsync(room, identity, cancel) is { } revocation)
            {
                revocations.Add(revocation with { Room = room, Participant = identity });
            }
        }
        catch (RegistryUnavailableException)
        {
            // What was heard before still counts.
        }

        if (revocations.Refuses(room, identity, attempt.Claims.IssuedAt))
        {
            return JoinError.TokenRevoked;
        }

        var locked = table.TryFind(room, out var route) && route.Limits.Locked;
        return !locked || attempt.Parameters.Reconnect || attempt.Claims.Video.RoomAdmin || await IsKnownAsync(room, identity, cancel)
            ? null
            : JoinError.RoomLocked;
    }

    private async Task<bool> IsKnownAsync(RoomId room, string identity, CancellationToken cancel)
    {
        if (await directory.FindAsync(room.Value) is { } open)
        {
            // Its home may not have heard yet of somebody at another part of the room.
            foreach (var part in open.WithParts)
            {
                if (await part.InvokeAsync((core, _) => core.FindParticipant(identity) is not null))
                {
                    return true;
                }
            }
        }

        try
        {
            return await registry.IsPresentAsync(room, identity, cancel);
        }
        catch (RegistryUnavailableException)
        {
            return false;
        }
    }
}
