using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Crypto.Srtp;

/// <summary>
/// Which indexes of one SSRC were protected. They come in order but for the places of lost packets, which are few: remembered are
/// the highest index and the places that were passed over, so that a packet in order costs one comparison.
/// </summary>
internal sealed class SentStream(uint ssrc)
{
    private const int Window = ISrtpSession.Window;

    private ulong _next;
    private bool _started;
    private int _openCount;

    // One bit for each of the last places, set while it is open; made with the first gap.
    private ulong[]? _open;

    public uint Ssrc { get; } = ssrc;

    /// <summary>Uses up an index; false when it was used, or lies too far back to tell.</summary>
    public bool TryTake(ulong index)
    {
        if (index == _next && _openCount == 0 && _started)
        {
            _next++;
            return true;
        }

        if (index < _next)
        {
            return TryFill(index);
        }

        PassOver(index);
        return true;
    }

    private bool TryFill(ulong index)
    {
        if (_openCount == 0 || _next - index > Window)
        {
            return false;
        }

        ref var word = ref Word(index);
        var bit = Bit(index);
        if ((word & bit) == 0)
        {
            return false;
        }

        word &= ~bit;
        _openCount--;
        return true;
    }

    /// <summary>Goes on to an index that is not used yet; the places between stay open.</summary>
    private void PassOver(ulong index)
    {
        if (!_started)
        {
            // Nothing before the first packet belongs to the stream.
            _started = true;
            _next = index + 1;
            return;
        }

        if (index - _next >= Window && _open is not null)
        {
            Array.Clear(_open);
            _openCount = 0;
        }

        // What is left behind by more than the window is closed by what takes its bit.
        for (var place = index - _next >= Window ? index - Window + 1 : _next; place < index; place++)
        {
            _open ??= new ulong[Window / 64];
            Set(place, isOpen: true);
        }

        if (_openCount > 0)
        {
            Set(index, isOpen: false);
        }

        _next = index + 1;
    }

    private void Set(ulong place, bool isOpen)
    {
        ref var word = ref Word(place);
        var bit = Bit(place);
        var wasOpen = (word & bit) != 0;
        word = isOpen ? word | bit : word & ~bit;
        _openCount += (isOpen ? 1 : 0) - (wasOpen ? 1 : 0);
    }

    private ref ulong Word(ulong place) => ref _open![place / 64 % (Window / 64)];

    private static ulong Bit(ulong place) => 1UL << (int)(place % 64);
}
