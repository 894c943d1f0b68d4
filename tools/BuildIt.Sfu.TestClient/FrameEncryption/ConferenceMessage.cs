using System.Buffers.Binary;
using System.Security.Cryptography;
using BuildIt.Sfu.Signaling.Protocol;
using Google.Protobuf;

namespace BuildIt.Sfu.TestClient.FrameEncryption;

/// <summary>Data messages of the conference client, from their description alone (conference-client/README.md, "Data messages").</summary>
public static class ConferenceMessage
{
    private const int HeaderLength = 12;
    private const uint Version = 1;

    private static ReadOnlySpan<byte> Label => "buildit-data-v1"u8;

    /// <summary>Seals a message.</summary>
    /// <param name="cipher">AES-GCM with the sender's 32-byte frame key, and tags of 16 bytes.</param>
    /// <param name="epoch">The epoch of the key.</param>
    /// <param name="salt">Drawn once, and for no stream of frames as well.</param>
    /// <param name="count">How many messages were sealed with this salt in this epoch.</param>
    /// <param name="message">What is said: an encoded <see cref="EncryptedPacketPayload"/>.</param>
    public static EncryptedPacket Seal(AesGcm cipher, uint epoch, uint salt, uint count, ReadOnlySpan<byte> message)
    {
        ArgumentNullException.ThrowIfNull(cipher);
        var header = new byte[HeaderLength];
        BinaryPrimitives.WriteUInt32BigEndian(header, epoch);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), salt);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(8), count);
        var payload = new byte[message.Length + ConferenceFrame.TagLength];
        cipher.Encrypt(header, message, payload.AsSpan(0, message.Length), payload.AsSpan(message.Length), [.. Label, .. header]);
        return new EncryptedPacket { Iv = ByteString.CopyFrom(header), EncryptedValue = ByteString.CopyFrom(payload), KeyIndex = Version };
    }
}
