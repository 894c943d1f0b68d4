namespace BuildIt.Sfu.Media.Rooms;

/// <summary>What the connections of a room's clients have carried since it was opened, and how they are now.</summary>
/// <param name="BytesReceived">Bytes of datagrams: media, its control, data messages, handshakes and connectivity checks, without IP and UDP headers.</param>
/// <param name="BytesSent">The same of what was sent.</param>
/// <param name="RoundTrip">Mean round-trip time to those who receive; null until measured.</param>
/// <param name="Loss">Mean fraction of packets lost on the way to them, 0 to 1; null until measured.</param>
public readonly record struct RoomTraffic(long BytesReceived, long BytesSent, TimeSpan? RoundTrip = null, double? Loss = null);
