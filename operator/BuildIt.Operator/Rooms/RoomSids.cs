using System.Security.Cryptography;
using System.Text;

namespace BuildIt.Operator.Rooms;

/// <summary>
/// The ids by which clients know rooms. Made from the object's uid: one for the object's whole life, another for the next of the same
/// name, and nothing that could be lost.
/// </summary>
internal static class RoomSids
{
    // Without digits and letters that look alike, as LiveKit's own.
    private const string Alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    private const int Length = 12;

    /// <summary>Empty for an object that has no uid yet.</summary>
    public static string Of(string? uid)
    {
        if (string.IsNullOrEmpty(uid))
        {
            return string.Empty;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(uid), hash);
        Span<char> sid = stackalloc char[3 + Length];
        "RM_".CopyTo(sid);
        for (var i = 0; i < Length; i++)
        {
            // 256 is no multiple of 57, so some letters are likelier: of 2^70 ids that matters to nobody.
            sid[3 + i] = Alphabet[hash[i] % Alphabet.Length];
        }

        return new string(sid);
    }
}
