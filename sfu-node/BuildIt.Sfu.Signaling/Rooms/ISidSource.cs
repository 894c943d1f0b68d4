namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>Where the random parts of server-given ids come from. Tests give counters.</summary>
public interface ISidSource
{
    /// <summary>A new id: <paramref name="prefix"/> (RM_, PA_, TR_, DTR_, ND_) and twelve or more random characters.</summary>
    string Next(string prefix);
}
