using System.Security.Cryptography;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>Where the random parts of server-given ids come from. Tests give counters.</summary>
public interface ISidSource
{
    /// <summary>A new id: <paramref name="prefix"/> (RM_, PA_, TR_, DTR_, ND_) and twelve or more random characters.</summary>
    string Next(string prefix);
}

/// <summary>Ids from the system's random generator: 12 characters of 62, about 71 bits. Thread-safe.</summary>
public sealed class RandomSids : ISidSource
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    public string Next(string prefix) => prefix + RandomNumberGenerator.GetString(Alphabet, 12);
}
