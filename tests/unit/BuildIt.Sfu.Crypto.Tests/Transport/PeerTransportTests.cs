using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Crypto.Tests.Transport;

public sealed class PeerTransportTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [Theory]
    [InlineData(true, 0, 0)]
    [InlineData(false, 0, 0)]
    [InlineData(true, 1, 0.2)]
    [InlineData(false, 2, 0.2)]
    [InlineData(true, 3, 0.3)]
    [InlineData(true, 4, 0.2)]
    [InlineData(true, 5, 0.2)]
    [InlineData(true, 6, 0.2)]
    public void Media_and_data_flow_both_ways(bool lite, int seed, double loss)
    {
        using var pipe = new TransportPipe(lite, seed, loss);
        Assert.True(
            pipe.PumpUntil(() => pipe.Server.Transport.IsConnected && pipe.Client.Transport.IsConnected, Patience),
            $"server {pipe.Server}, client {pipe.Client}");
        Assert.Equal(SrtpProfile.AeadAes128Gcm, pipe.Server.Profile);
        Assert.Equal(SrtpProfile.AeadAes128Gcm, pipe.Client.Profile);

        pipe.Loss = 0;
        foreach (var end in (TransportEnd[])[pipe.Server, pipe.Client])
        {
            byte[] rtp = [0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 1, 2, 3];
            byte[] rtcp = [0x80, 201, 0, 1, 0, 0, 0, 9];
            byte[] data = [.. Enumerable.Range(0, 1100).Select(static i => (byte)i)];
            Assert.True(end.Transport.SendRtp(rtp, new PacketIndex(1)));
            Assert.True(end.Transport.SendRtcp(rtcp));
            Assert.True(end.Transport.SendApplicationData(data));
            Assert.True(pipe.PumpUntil(() => end.Peer.Rtp.Count + end.Peer.Rtcp.Count + end.Peer.Data.Count == 3, Patience));
            Assert.Equal(rtp, end.Peer.Rtp[0]);
            Assert.Equal(rtcp, end.Peer.Rtcp[0]);
            Assert.Equal(data, end.Peer.Data[0]);
        }
    }

    [Fact]
    public void A_peer_with_another_certificate_than_its_sdp_named_is_refused()
    {
        using var other = new TransportPipe();
        using var pipe = new TransportPipe(claimedByServer: other.Server.Fingerprint);
        Assert.True(pipe.PumpUntil(() => pipe.Client.Failure is not null, Patience));
        Assert.Equal(TransportFailure.Dtls, pipe.Client.Failure);
        Assert.False(pipe.Client.Transport.IsConnected);
        Assert.False(pipe.Client.Transport.SendRtp([0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9], new PacketIndex(1)));
        Assert.False(pipe.Server.Transport.IsConnected);
    }

    [Fact]
    public void Close_tells_the_peer()
    {
        using var pipe = new TransportPipe();
        Assert.True(pipe.PumpUntil(() => pipe.Server.Transport.IsConnected && pipe.Client.Transport.IsConnected, Patience));
        pipe.Client.Transport.Close();
        Assert.True(pipe.PumpUntil(() => pipe.Server.PeerClosed, Patience));
        Assert.Null(pipe.Server.Failure);
    }

    [Fact]
    public void Nothing_but_stun_answers_a_stranger()
    {
        using var pipe = new TransportPipe();
        var stranger = TransportAddress.FromIPv4(0x0A0000FF, 7000);
        var hello = new byte[600];
        (hello[0], hello[1], hello[2]) = (22, 0xFE, 0xFD);
        for (var i = 0; i < 50; i++)
        {
            pipe.Server.Inject([.. hello], stranger);
        }

        Assert.Empty(pipe.Server.SentOther);
        Assert.True(pipe.PumpUntil(() => pipe.Server.Transport.IsConnected && pipe.Client.Transport.IsConnected, Patience));

        // A captured packet from elsewhere does not count either.
        Assert.True(pipe.Client.Transport.SendApplicationData([1, 2, 3]));
        pipe.Server.Inject([.. pipe.Client.SentOther[^1]], stranger);
        Assert.Empty(pipe.Server.Data);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Garbage_from_the_peer_never_throws_and_never_ends_the_association(int seed)
    {
        using var pipe = new TransportPipe(seed: seed);
        Assert.True(pipe.PumpUntil(() => pipe.Server.Transport.IsConnected && pipe.Client.Transport.IsConnected, Patience));
        for (var i = 0; i < 20_000; i++)
        {
            var datagram = new byte[pipe.Random.Next(1, 120)];
            pipe.Random.NextBytes(datagram);
            datagram[0] = (pipe.Random.Next(3)) switch { 0 => (byte)pipe.Random.Next(20, 64), 1 => (byte)pipe.Random.Next(128, 192), _ => datagram[0] };
            if (datagram.Length > 13 && pipe.Random.Next(2) == 0)
            {
                // Looks like a record of epoch 1 that fills the datagram.
                new byte[] { 23, 0xFE, 0xFD, 0, 1 }.CopyTo(datagram, 0);
                (datagram[11], datagram[12]) = (0, (byte)(datagram.Length - 13));
            }

            pipe.Server.Inject(datagram, pipe.Client.Address);
        }

        Assert.Empty(pipe.Server.Rtp);
        Assert.Empty(pipe.Server.Data);
        Assert.True(pipe.Client.Transport.SendApplicationData([7]));
        Assert.True(pipe.PumpUntil(() => pipe.Server.Data.Count == 1, Patience));
        Assert.Equal(IceState.Connected, pipe.Server.Transport.IceState);
    }

    [Fact]
    public void A_replayed_record_is_delivered_once()
    {
        using var pipe = new TransportPipe();
        Assert.True(pipe.PumpUntil(() => pipe.Server.Transport.IsConnected && pipe.Client.Transport.IsConnected, Patience));
        Assert.True(pipe.Client.Transport.SendApplicationData([7]));
        var copy = (byte[])pipe.Client.SentOther[^1].Clone();
        Assert.True(pipe.PumpUntil(() => pipe.Server.Data.Count == 1, Patience));
        pipe.Server.Inject(copy, pipe.Client.Address);
        Assert.Single(pipe.Server.Data);
    }

    [Fact]
    public void Ice_restart_keeps_the_association()
    {
        using var pipe = new TransportPipe();
        Assert.True(pipe.PumpUntil(() => pipe.Server.Transport.IsConnected && pipe.Client.Transport.IsConnected, Patience));
        pipe.Server.Transport.RestartIce(IceCredentials.Generate(pipe.Server), pipe.Now);
        pipe.Client.Transport.RestartIce(IceCredentials.Generate(pipe.Client), pipe.Now);
        pipe.Server.Transport.SetRemoteParameters(pipe.Client.Transport.LocalCredentials, pipe.Client.Fingerprint, DtlsRole.Server, pipe.Now);
        pipe.Client.Transport.SetRemoteParameters(pipe.Server.Transport.LocalCredentials, pipe.Server.Fingerprint, DtlsRole.Client, pipe.Now);
        pipe.Client.Transport.AddRemoteCandidate(new IceCandidate { Foundation = "1", Priority = 1, Address = pipe.Server.Address });
        pipe.PumpUntil(static () => false, TimeSpan.FromSeconds(1));
        Assert.True(pipe.Client.Transport.SendApplicationData([7]));
        Assert.True(pipe.PumpUntil(() => pipe.Server.Data.Count == 1, Patience));
    }
}
