using System.Security.Cryptography;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>Ids from the system's random generator: 12 characters of 62, about 71 bits. Thread-safe.</summary>
public sealed class RandomSids : ISidSource
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    public string Next(string prefix) => prefix + RandomNumberGenerator.GetString(Alphabet, 12);
}
