namespace BuildIt.Sfu.Node.Configuration;

/// <summary>Whether one room may use several of this node's loops.</summary>
public enum RoomPartMode
{
    /// <summary>When the loop of the room is busy and another is not.</summary>
    Auto,

    /// <summary>A room stays on one loop.</summary>
    Never,

    /// <summary>Newcomers go to all loops in turn, whatever those carry: for tests.</summary>
    Spread,
}
