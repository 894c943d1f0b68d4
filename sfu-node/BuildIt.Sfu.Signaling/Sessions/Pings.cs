using BuildIt.Sfu.Signaling.Protocol;
using Request = BuildIt.Sfu.Signaling.Protocol.SignalRequest.MessageOneofCase;

namespace BuildIt.Sfu.Signaling.Sessions;

/// <summary>
/// Answers pings where they arrive. They are most of what clients send and concern no room, whose loop belongs to media: two for each
/// client every five seconds woke it and allocated on it more than everything else together.
/// </summary>
public static class Pings
{
    /// <summary>The answer to a ping of either kind; null when the request is another.</summary>
    /// <param name="request">What a client sent.</param>
    /// <param name="now">The time by the system's clock, which the answer carries in milliseconds.</param>
    public static SignalResponse? Answer(SignalRequest request, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(request);
        var milliseconds = now.ToUnixTimeMilliseconds();
        return request.MessageCase switch
        {
            Request.Ping => new SignalResponse { Pong = milliseconds },
            Request.PingReq => new SignalResponse { PongResp = new Pong { LastPingTimestamp = request.PingReq.Timestamp, Timestamp = milliseconds } },
            _ => null,
        };
    }
}
