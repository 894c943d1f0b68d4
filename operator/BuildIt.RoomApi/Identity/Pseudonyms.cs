using System.Security.Cryptography;
using System.Text;

namespace BuildIt.RoomApi.Identity;

/// <summary>
/// Turns what names a person (public key, address) into what does not, with a secret (the pepper) that only the room-api
/// has: without it nobody can try out keys or addresses against what is stored. Every replica with the same pepper gives the
/// same names, and nothing has to be kept. Changing the pepper makes everybody a stranger. Thread-safe.
/// </summary>
public sealed class Pseudonyms
{
    /// <summary>The shortest pepper that is accepted, in bytes.</summary>
    public const int MinPepperLength = 32;

    private readonly byte[] _pepper;

    public Pseudonyms(ReadOnlyMemory<byte> pepper)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pepper.Length, MinPepperLength, nameof(pepper));
        _pepper = pepper.ToArray();
    }

    /// <summary>The creator of rooms as stored in objects: HMAC-SHA-256(pepper, public key), 64 hexadecimal digits.</summary>
    public string Creator(ReadOnlySpan<byte> publicKey) => Convert.ToHexStringLower(HMACSHA256.HashData(_pepper, publicKey));

    /// <summary>
    /// HMAC-SHA-256(room's secret, room id | public key), first 16 bytes. The room's secret is itself derived from the pepper
    /// and the room id, so that it is different for every room and stored nowhere.
    /// </summary>
    /// <param name="room">A valid room id.</param>
    /// <param name="publicKey">The caller's 32 bytes.</param>
    public ParticipantId Participant(string room, ReadOnlySpan<byte> publicKey)
    {
        var secret = Derive("room-secret", Encoding.ASCII.GetBytes(room));
        return ParticipantId.FromBytes(HMACSHA256.HashData((ReadOnlySpan<byte>)secret, (ReadOnlySpan<byte>)[.. Encoding.ASCII.GetBytes(room), .. publicKey]).AsSpan(0, ParticipantId.Size));
    }

    /// <summary>A name for one use only, such as <c>rate-key</c>: names made for different uses cannot be linked.</summary>
    public string For(string use, ReadOnlySpan<byte> value) => Convert.ToHexStringLower(Derive(use, value).AsSpan(0, 16));

    /// <summary>A 32-byte secret for one use only, the same on every replica.</summary>
    internal byte[] Secret(string use, ReadOnlySpan<byte> value) => Derive(use, value);

    public override string ToString() => "Pseudonyms(***)";

    private byte[] Derive(string use, ReadOnlySpan<byte> value) => HMACSHA256.HashData((ReadOnlySpan<byte>)_pepper, (ReadOnlySpan<byte>)[.. Encoding.ASCII.GetBytes(use), 0, .. value]);
}
