using System.IO.Compression;
using System.Text;
using BuildIt.Sfu.Fuzz.Engine;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using Google.Protobuf;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>The <c>join_request</c> parameter: as text, and its layers below base64, below the wrapper, below gzip.</summary>
internal sealed class JoinRequestTarget : IFuzzTarget
{
    public string Name => "join-request";

    public int MaxLength => 600;

    /// <summary>A request may inflate to 1 MiB, and is held while it grows and is parsed.</summary>
    public long MaxAllocated => 16 * 1024 * 1024;

    public IEnumerable<byte[]> Seeds
    {
        get
        {
            var sample = Sample().ToByteArray();
            var plain = Wrap(sample, WrappedJoinRequest.Types.Compression.None);
            var zipped = Wrap(Zip(sample), WrappedJoinRequest.Types.Compression.Gzip);
            yield return [0, .. Encoding.ASCII.GetBytes(Convert.ToBase64String(plain))];
            yield return [0, .. Encoding.ASCII.GetBytes(Convert.ToBase64String(zipped).TrimEnd('='))];
            yield return [1, .. plain];
            yield return [1, .. zipped];
            yield return [1, .. Wrap(Zip(new byte[100_000]), WrappedJoinRequest.Types.Compression.Gzip)];
            yield return [2, .. sample];
            yield return [3, .. Zip(sample)];
        }
    }

    public IReadOnlyList<byte[]> Dictionary { get; } = [[0x1F, 0x8B, 8], [0x08, 0x01], [0x12], "===="u8.ToArray(), " "u8.ToArray(), "-_"u8.ToArray(), [0xFF, 0xFF, 0xFF, 0xFF, 0x07]];

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        var rest = input[1..];
        var text = (input[0] & 3) switch
        {
            0 => Encoding.Latin1.GetString(rest),
            1 => Convert.ToBase64String(rest),
            2 => Convert.ToBase64String(Wrap(rest, WrappedJoinRequest.Types.Compression.None)),
            _ => Convert.ToBase64String(Wrap(rest, WrappedJoinRequest.Types.Compression.Gzip)),
        };
        if (!JoinRequestCodec.TryRead(text, out var request))
        {
            Property.Holds(request.CalculateSize() == 0, "a refused request is empty");
            return;
        }

        Property.Holds(request.CalculateSize() <= 4 * JoinRequestCodec.MaxInflated, "a request keeps to its maximum");
        var parameters = JoinRequestCodec.ToParameters(request);
        Property.Holds(parameters.AddTracks.Count == request.AddTrackRequests.Count && parameters.Reconnect == request.Reconnect, "parameters say what the request says");
        if (request.CalculateSize() == 0)
        {
            // Its text would be empty, which is how an absent parameter looks.
            return;
        }

        var again = Convert.ToBase64String(Wrap(request.ToByteArray(), WrappedJoinRequest.Types.Compression.None));
        Property.Holds(JoinRequestCodec.TryRead(again, out var second), "a request that was read can be sent again");
        Property.Holds(second.CalculateSize() == request.CalculateSize(), "and is read alike");
    }

    private static JoinRequest Sample() => new()
    {
        ClientInfo = new ClientInfo { Sdk = ClientInfo.Types.SDK.Js, Protocol = 17, Version = "2.23.0" },
        ConnectionSettings = new ConnectionSettings { AutoSubscribe = true, AdaptiveStream = true, SubscriberAllowPause = false },
        ParticipantAttributes = { ["k"] = "v" },
        PublisherOffer = new SessionDescription { Type = "offer", Sdp = "v=0", Id = 1 },
        AddTrackRequests = { new AddTrackRequest { Cid = "c", Type = TrackType.Video } },
    };

    private static byte[] Wrap(ReadOnlySpan<byte> inner, WrappedJoinRequest.Types.Compression compression) =>
        new WrappedJoinRequest { Compression = compression, JoinRequest = ByteString.CopyFrom(inner) }.ToByteArray();

    private static byte[] Zip(byte[] bytes)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return output.ToArray();
    }
}
