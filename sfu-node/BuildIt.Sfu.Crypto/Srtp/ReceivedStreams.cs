namespace BuildIt.Sfu.Crypto.Srtp;

/// <summary>
/// The streams of one peer that are received, so many at most. No packet says that a stream is over, and one that was thought to be over may
/// go on where it was, with the rollover counter that only we know: so those of which nothing has come for longest make room when there is
/// none. Not thread-safe.
/// </summary>
/// <param name="most">Streams that are kept; over 3.</param>
internal sealed class ReceivedStreams(int most)
{
    private readonly Dictionary<uint, SrtpStream> _streams = [];

    // Packets come in runs of one stream; this saves most look-ups.
    private SrtpStream? _last;
    private long _packets;

    public int Count => _streams.Count;

    public SrtpStream? Find(uint ssrc) => _last is { } last && last.Ssrc == ssrc ? last : _streams.GetValueOrDefault(ssrc);

    /// <summary>A stream that is not known, from an authentic packet.</summary>
    public SrtpStream Add(uint ssrc)
    {
        if (_streams.Count >= most)
        {
            MakeRoom();
        }

        var stream = new SrtpStream(ssrc);
        _streams.Add(ssrc, stream);
        return stream;
    }

    /// <summary>A packet of the stream has come.</summary>
    public void OnPacket(SrtpStream stream)
    {
        _last = stream;
        stream.LastPacket = ++_packets;
    }

    // A quarter at a time, so that a peer with ever new streams costs little for each.
    private void MakeRoom()
    {
        foreach (var stream in _streams.Values.OrderBy(stream => stream.LastPacket).Take(most / 4).ToList())
        {
            _streams.Remove(stream.Ssrc);
        }

        _last = null;
    }
}
