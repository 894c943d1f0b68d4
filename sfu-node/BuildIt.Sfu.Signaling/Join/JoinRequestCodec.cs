using System.IO.Compression;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Join;

/// <summary>The <c>join_request</c> parameter of v1: base64 of a wrapped, possibly compressed JoinRequest.</summary>
public static class JoinRequestCodec
{
    /// <summary>Largest request after inflating, in bytes.</summary>
    public const int MaxInflated = 1024 * 1024;

    /// <summary>Longest text taken; base64 of <see cref="MaxInflated"/>.</summary>
    private const int MaxText = MaxInflated / 3 * 4 + 64;

    /// <summary>Reads untrusted text. False when any step fails or a size is exceeded.</summary>
    public static bool TryRead(string text, out JoinRequest request)
    {
        request = new JoinRequest();
        if (text.Length is 0 or > MaxText
            || !Base64Text.TryDecode(text, out var bytes)
            || !WireCodec.TryParse(bytes, WrappedJoinRequest.Parser, out var wrapped))
        {
            return false;
        }

        var inner = wrapped.JoinRequest.Memory;
        switch (wrapped.Compression)
        {
            case WrappedJoinRequest.Types.Compression.None:
                break;
            case WrappedJoinRequest.Types.Compression.Gzip when TryInflate(wrapped.JoinRequest.ToByteArray(), out var inflated):
                inner = inflated;
                break;
            default:
                return false;
        }

        if (!WireCodec.TryParse(inner.Span, JoinRequest.Parser.WithDiscardUnknownFields(true), out var parsed))
        {
            return false;
        }

        request = parsed;
        return true;
    }

    public static JoinParameters ToParameters(JoinRequest request)
    {
        var settings = request.ConnectionSettings;
        return new JoinParameters
        {
            SinglePeerConnection = true,
            Client = request.ClientInfo ?? new ClientInfo(),
            AutoSubscribe = settings?.AutoSubscribe ?? true,
            AutoSubscribeDataTracks = settings is not { HasAutoSubscribeDataTrack: true } || settings.AutoSubscribeDataTrack,
            SubscriberAllowPause = settings is { HasSubscriberAllowPause: true } ? settings.SubscriberAllowPause : null,
            DisableIceLite = settings?.DisableIceLite ?? false,
            Reconnect = request.Reconnect,
            ReconnectReason = request.ReconnectReason,
            ParticipantSid = request.ParticipantSid,
            Metadata = request.Metadata.Length > 0 ? request.Metadata : null,
            Attributes = request.ParticipantAttributes,
            AddTracks = request.AddTrackRequests,
            PublisherOffer = request.PublisherOffer,
            SyncState = request.SyncState,
        };
    }

    private static bool TryInflate(byte[] compressed, out ReadOnlyMemory<byte> inflated)
    {
        inflated = default;
        try
        {
            using var gzip = new GZipStream(new MemoryStream(compressed), CompressionMode.Decompress);
            using var output = new MemoryStream();
            var chunk = new byte[16 * 1024];
            int read;
            while ((read = gzip.Read(chunk)) > 0)
            {
                // The cap is on what comes out, so that a small bomb cannot fill memory.
                if (output.Length + read > MaxInflated)
                {
                    return false;
                }

                output.Write(chunk, 0, read);
            }

            inflated = output.GetBuffer().AsMemory(0, (int)output.Length);
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }
}
