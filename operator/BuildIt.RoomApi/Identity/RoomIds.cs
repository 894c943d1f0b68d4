using System.Security.Cryptography;

namespace BuildIt.RoomApi.Identity;

/// <summary>Room ids: 128 random bits as 32 hexadecimal digits, which is also a valid name of a Kubernetes object.</summary>
public static class RoomIds
{
    public const int Length = 32;

    public static string New() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Length / 2));

    /// <summary>True for an id in the one spelling we give out. Nothing else reaches Kubernetes or Redis as a name.</summary>
    public static bool IsValid(string? text) =>
        text is { Length: Length } && !text.AsSpan().ContainsAnyExcept("0123456789abcdef");
}
