using BuildIt.Sfu.Crypto.Dtls;

namespace BuildIt.Sfu.Crypto.Tests.Dtls;

public sealed class ChangeCipherSpecGateTests
{
    private static readonly byte[] ChangeCipherSpec = Record(20, [1]);

    [Fact]
    public void Opens_when_the_certificate_verify_has_come()
    {
        var gate = new ChangeCipherSpecGate();
        var verify = Handshake(15, 70, 0, 70);
        byte[] early = [.. Handshake(16, 33, 0, 33), .. ChangeCipherSpec];
        Assert.Equal(early.Length - ChangeCipherSpec.Length, gate.Admit(early));
        byte[] whole = [.. verify, .. ChangeCipherSpec];
        Assert.Equal(whole.Length, gate.Admit(whole));
        Assert.Equal(early.Length, gate.Admit(early));
    }

    [Fact]
    public void Stays_shut_while_a_fragment_is_missing()
    {
        var gate = new ChangeCipherSpecGate();
        gate.Admit(Handshake(15, 70, 40, 30));
        Assert.Equal(0, gate.Admit(ChangeCipherSpec));
        gate.Admit(Handshake(15, 70, 0, 40));
        Assert.Equal(0, gate.Admit(ChangeCipherSpec));
        gate.Admit(Handshake(15, 70, 40, 30));
        Assert.Equal(ChangeCipherSpec.Length, gate.Admit(ChangeCipherSpec));
    }

    [Fact]
    public void Garbage_never_throws()
    {
        var random = new Random(9);
        for (var i = 0; i < 50_000; i++)
        {
            var bytes = new byte[random.Next(60)];
            random.NextBytes(bytes);
            if (bytes.Length > 13)
            {
                (bytes[0], bytes[11], bytes[12]) = (22, 0, (byte)random.Next(bytes.Length));
            }

            Assert.InRange(new ChangeCipherSpecGate().Admit(bytes), 0, bytes.Length);
        }
    }

    private static byte[] Handshake(byte type, int length, int offset, int fragment) =>
        Record(22, [type, 0, 0, (byte)length, 0, 5, 0, 0, (byte)offset, 0, 0, (byte)fragment, .. new byte[fragment]]);

    private static byte[] Record(byte type, byte[] body) =>
        [type, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 1, 0, (byte)body.Length, .. body];
}
