using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.TestClient;

/// <summary>What no SDK does. For tests of what a node grants one client.</summary>
public sealed partial class HeadlessParticipant
{
    /// <summary>
    /// Sends so many RTCP packets, each asking for a thousand packets of every received track again. Returns how many were sent,
    /// none as long as nothing is received.
    /// </summary>
    public Task<int> SendNacksAsync(int packets) => _loop.InvokeAsync(() => Receiving.SendNacks(packets));

    /// <summary>Sends so many RTCP packets, each asking for a key frame of every received track.</summary>
    public Task<int> SendPictureLossesAsync(int packets) => _loop.InvokeAsync(() => Receiving.SendPictureLosses(packets));

    /// <summary>Answers nothing on the data channels any more: what the node sends there stays unacknowledged.</summary>
    public Task IgnoreDataAsync() => _loop.InvokeAsync(() => Receiving.IgnoresData = true);

    /// <summary>Makes an offer as an SDK would, has it changed, and sends it whether the last one was answered or not.</summary>
    public Task SendOfferAsync(Func<string, string> change) => _loop.InvokeAsync(() =>
    {
        var sdp = change(_publishing!.MakeOffer());
        Send(new SignalRequest { Offer = new SessionDescription { Type = "offer", Sdp = sdp, Id = _publishing.OfferId } });
    });

    private Media.ClientConnection Receiving => _subscriber ?? _publisher!;
}
