using BuildIt.Sfu.TestClient.FrameEncryption;
using BuildIt.Sfu.TestClient.Network;

namespace BuildIt.Sfu.TestClient;

/// <summary>How a headless participant joins.</summary>
public sealed record HeadlessOptions
{
    /// <summary>Address of the node: http, https, ws or wss.</summary>
    public required Uri Url { get; init; }

    /// <summary>A join token; see <see cref="Signalling.RoomToken"/>.</summary>
    public required string Token { get; init; }

    public required HeadlessNetwork Network { get; init; }

    /// <summary>True for one peer connection (/rtc/v1), false for two (/rtc).</summary>
    public bool SinglePeerConnection { get; init; } = true;

    public bool AutoSubscribe { get; init; } = true;

    public bool AdaptiveStream { get; init; }

    /// <summary>Opens data channels.</summary>
    public bool Data { get; init; } = true;

    /// <summary>
    /// 1 decrypts and checks every packet. A larger number n decrypts one in n and only counts the others by their sequence
    /// numbers, which are not encrypted: cheap receivers for load. They see no frames, so nothing is said about those.
    /// </summary>
    public int DecryptOneIn { get; init; } = 1;

    /// <summary>Encrypts what is published, so that only those with the key see and hear it; null publishes in the clear.</summary>
    public IFrameKey? Key { get; init; }

    /// <summary>Gets every packet of media as it comes out of SRTP, header and payload; called on the media loop.</summary>
    public PacketHandler? PacketReceived { get; init; }

    /// <summary>Time from the call to a connected transport.</summary>
    public TimeSpan JoinTimeout { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>Takes an RTP packet, whose memory is the caller's again afterwards.</summary>
public delegate void PacketHandler(ReadOnlySpan<byte> packet);
