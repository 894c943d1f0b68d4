using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Tokens;

namespace BuildIt.Sfu.Signaling.Rooms.Attendance;

/// <summary>Gives participants tokens that carry what they may do now, now and then. Used on the room's loop.</summary>
internal sealed class FreshTokens(TokenSigner signer, WallClock clock, RoomTimer timer)
{
    /// <summary>Time from a join to the first.</summary>
    public static readonly TimeSpan First = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    /// <summary>Long enough to outlast a missed one.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    public void Give(Participant participant, Instant now)
    {
        participant.NextTokenRefresh = now + Interval;
        timer.Schedule(participant.NextTokenRefresh);
        var claims = participant.Claims with
        {
            IssuedAt = participant.RightsSince,
            Name = participant.Name,
            Metadata = participant.Metadata,
            Attributes = new Dictionary<string, string>(participant.Attributes),
            Video = Permissions.ToGrant(participant.Permission, participant.Claims.Video),
        };
        participant.Send(new SignalResponse { RefreshToken = signer.Sign(claims, clock.At(now), Lifetime) });
    }
}
