using System.Runtime.CompilerServices;

namespace BuildIt.Sfu.Crypto.Srtp;

/// <summary>
/// Which of the last 1024 indices were received (RFC 3711 section 3.3.2). Test before authentication, add after it.
/// </summary>
internal struct ReplayWindow
{
    private const int Size = 1024;

    private Bits _bits;
    private ulong _highest;
    private bool _started;

    public readonly bool IsNew(ulong index)
    {
        if (!_started || index > _highest)
        {
            return true;
        }

        return _highest - index < Size && (_bits[(int)(index / 64 % (Size / 64))] & (1UL << (int)(index % 64))) == 0;
    }

    public void Add(ulong index)
    {
        if (!_started || (index > _highest && index - _highest >= Size))
        {
            ((Span<ulong>)_bits).Clear();
            _started = true;
            _highest = index;
        }

        while (_highest < index)
        {
            _highest++;
            _bits[(int)(_highest / 64 % (Size / 64))] &= ~(1UL << (int)(_highest % 64));
        }

        _bits[(int)(index / 64 % (Size / 64))] |= 1UL << (int)(index % 64);
    }

    [InlineArray(Size / 64)]
    private struct Bits
    {
        private ulong _first;
    }
}
