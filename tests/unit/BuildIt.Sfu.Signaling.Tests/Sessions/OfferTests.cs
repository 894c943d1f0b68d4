using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Tests.Join;
using Google.Protobuf;

namespace BuildIt.Sfu.Signaling.Tests.Sessions;

/// <summary>A large offer takes a while to answer. The room's loop, which carries media, is not kept by it.</summary>
public sealed class OfferTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task The_rooms_loop_goes_on_while_an_offer_is_answered()
    {
        await using var node = await TestNode.StartAsync();
        using var client = await node.ConnectAsync();
        var sid = (await client.ReceiveAsync())!.Join.Participant.Sid;
        var peer = node.Media.Rooms.Values.Single().Peers[sid];
        var building = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var gate = new ManualResetEventSlim();
        peer.Building = () =>
        {
            building.SetResult();
            Assert.True(gate.Wait(Patience));
        };

        await client.SendAsync(new SignalRequest { Offer = new SessionDescription { Type = "offer", Sdp = "o", Id = 4 } });
        await building.Task.WaitAsync(Patience);
        var turned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Media.Post(_ => turned.SetResult());
        await turned.Task.WaitAsync(Patience);

        gate.Set();
        var answer = (await client.UntilAsync(m => m.Answer is not null)).Answer;
        Assert.Equal((4u, "answer to o"), (answer.Id, answer.Sdp));
    }

    [Fact]
    public async Task Later_requests_wait_for_the_answer()
    {
        await using var node = await TestNode.StartAsync();
        using var client = await node.ConnectAsync();
        Assert.NotNull((await client.ReceiveAsync())!.Join);
        await client.SendAsync(new SignalRequest { Offer = new SessionDescription { Type = "offer", Sdp = "o", Id = 4 } });
        await client.SendAsync(new SignalRequest { Mute = new MuteTrackRequest { Sid = "TR_none" } });
        Assert.NotNull((await client.UntilAsync(m => m.Answer is not null || m.RequestResponse is not null)).Answer);
        Assert.NotNull((await client.UntilAsync(m => m.RequestResponse is not null)).RequestResponse);
    }

    [Fact]
    public async Task A_bad_offer_brought_along_with_the_join_ends_the_session()
    {
        await using var node = await TestNode.StartAsync();
        var request = new JoinRequest { ClientInfo = new ClientInfo { Protocol = 17 }, PublisherOffer = new SessionDescription { Sdp = "bad", Id = 3 } };
        var text = Convert.ToBase64String(JoinRequestTests.Wrap(request.ToByteArray(), gzip: true)).Replace('+', '-').Replace('/', '_');
        using var client = await node.ConnectAsync("/rtc/v1", $"join_request={text}");
        Assert.NotNull((await client.ReceiveAsync())!.Join);
        Assert.Equal(DisconnectReason.StateMismatch, (await client.UntilAsync(m => m.Leave is not null)).Leave.Reason);
    }
}
