using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Sessions;

namespace BuildIt.Sfu.Signaling.Tests.Sessions;

public sealed class PingsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 12, 0, 0, 250, TimeSpan.Zero);

    [Fact]
    public void Pings_are_answered_in_milliseconds()
    {
        Assert.Equal(Now.ToUnixTimeMilliseconds(), Pings.Answer(new SignalRequest { Ping = 1 }, Now)!.Pong);

        var answer = Pings.Answer(new SignalRequest { PingReq = new Ping { Timestamp = 99 } }, Now)!.PongResp;
        Assert.Equal((99, Now.ToUnixTimeMilliseconds()), (answer.LastPingTimestamp, answer.Timestamp));
    }

    [Fact]
    public void Everything_else_is_left_to_the_room()
    {
        Assert.Null(Pings.Answer(new SignalRequest { Leave = new LeaveRequest() }, Now));
        Assert.Null(Pings.Answer(new SignalRequest(), Now));
    }
}
