using System.Security.Cryptography;

namespace BuildIt.Sfu.Net.Routing;

/// <summary>
/// Local username fragments that say which loop owns them: the first character is the loop's number. Any loop can so
/// route a STUN request from an address nobody has seen, without shared state.
/// </summary>
public static class LoopUfrag
{
    /// <summary>As many as there are ICE characters (RFC 8839 section 5.4).</summary>
    public const int MaxLoops = 64;

    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    private const int RandomCharacters = 11;

    /// <summary>A fresh fragment of 12 characters with 66 random bits, for a transport that lives on <paramref name="loop"/>.</summary>
    public static string Create(int loop)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(loop);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(loop, MaxLoops);
        return Alphabet[loop] + RandomNumberGenerator.GetString(Alphabet, RandomCharacters);
    }

    /// <summary>The loop of a fragment made by <see cref="Create"/>, or -1.</summary>
    internal static int LoopOf(UfragKey key) => Alphabet.IndexOf((char)key.FirstCharacter, StringComparison.Ordinal);
}
