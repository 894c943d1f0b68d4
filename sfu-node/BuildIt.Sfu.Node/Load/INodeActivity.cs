using BuildIt.Sfu.Contracts;

namespace BuildIt.Sfu.Node.Load;

/// <summary>What the conference side of the node carries now. Thread-safe.</summary>
public interface INodeActivity
{
    /// <summary>Counts anew; called once a second.</summary>
    Task RefreshAsync();

    int Rooms { get; }

    int Participants { get; }

    int Publishers { get; }

    int Subscribers { get; }

    /// <summary>Media bytes since the start.</summary>
    long BytesReceived { get; }

    /// <summary>Media bytes since the start.</summary>
    long BytesSent { get; }

    /// <summary>One report for each room that is served here, or was ended here by request.</summary>
    IReadOnlyList<RoomReport> Reports();

    /// <summary>Asks every client to connect again: it will find the pod that has its room now.</summary>
    void ReconnectEverybody();
}
