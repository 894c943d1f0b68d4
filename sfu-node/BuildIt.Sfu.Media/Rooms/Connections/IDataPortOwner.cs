using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Rooms.Connections;

/// <summary>What data channels tell whomever they belong to, on the room's loop.</summary>
internal interface IDataPortOwner
{
    MediaRoom Room { get; }

    /// <summary>A channel can be used now.</summary>
    void OnDataChannelOpen(Instant now);

    /// <summary>A message from the other side. The span is valid during the call only.</summary>
    void OnData(DataChannelKind channel, ReadOnlySpan<byte> message, Instant now);

    /// <summary>A reliable message was lost, because the other side does not take them as fast as they come.</summary>
    void OnSlowReader(Instant now);
}
