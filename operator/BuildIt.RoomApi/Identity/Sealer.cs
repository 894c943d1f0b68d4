using System.Security.Cryptography;
using System.Text;

namespace BuildIt.RoomApi.Identity;

/// <summary>
/// Encrypts what members leave with the room-api before it is kept: group messages name their members' keys, and whoever reads the
/// registry shall not. AES-256-GCM with a key of the room, derived from the pepper, so that every replica opens what another sealed.
/// It protects against readers of the registry, not against the room-api. Thread-safe.
/// </summary>
public sealed class Sealer(Pseudonyms names)
{
    /// <summary>Bytes that sealing adds: a nonce and a tag (NIST SP 800-38D).</summary>
    public const int Overhead = NonceLength + TagLength;

    private const int NonceLength = 12;
    private const int TagLength = 16;

    /// <summary>Seals bytes for one place.</summary>
    /// <param name="room">A valid room id.</param>
    /// <param name="place">What they are and where they are kept; they open nowhere else.</param>
    /// <param name="plain">Any length.</param>
    public byte[] Seal(string room, string place, ReadOnlySpan<byte> plain)
    {
        var result = new byte[Overhead + plain.Length];
        var nonce = result.AsSpan(0, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = CipherOf(room);
        cipher.Encrypt(nonce, plain, result.AsSpan(Overhead), result.AsSpan(NonceLength, TagLength), Encoding.ASCII.GetBytes(place));
        return result;
    }

    /// <summary>Opens what <see cref="Seal"/> made; null for anything else.</summary>
    public byte[]? Open(string room, string place, ReadOnlySpan<byte> closed)
    {
        if (closed.Length < Overhead)
        {
            return null;
        }

        var plain = new byte[closed.Length - Overhead];
        using var cipher = CipherOf(room);
        try
        {
            cipher.Decrypt(closed[..NonceLength], closed[Overhead..], closed.Slice(NonceLength, TagLength), plain, Encoding.ASCII.GetBytes(place));
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private AesGcm CipherOf(string room) => new(names.Secret("seal", Encoding.ASCII.GetBytes(room)), TagLength);
}
