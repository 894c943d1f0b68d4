using System.Buffers.Binary;

namespace BuildIt.Sfu.Fuzz.Engine;

/// <summary>Makes a new input out of an old one by a few small changes.</summary>
internal sealed class Mutator(SplitMix random, int maxLength, IReadOnlyList<byte[]> dictionary)
{
    private const int MaxChanges = 6;
    private const int MaxBlock = 64;

    private static readonly int[] Interesting =
        [0, 1, 2, 3, 4, 7, 8, 15, 16, 20, 31, 32, 63, 64, 100, 127, 128, 255, 256, 512, 1000, 1023, 1024, 4095, 4096, 32767, 32768, 65534, 65535, 65536, int.MaxValue, int.MinValue, -1];

    private readonly byte[] _buffer = new byte[maxLength];
    private int _length;

    /// <summary>The result lives until the next call.</summary>
    public ReadOnlySpan<byte> Mutate(ReadOnlySpan<byte> parent, ReadOnlySpan<byte> other)
    {
        _length = Math.Min(parent.Length, maxLength);
        parent[.._length].CopyTo(_buffer);

        // Mostly one or two changes: many at once seldom get past the first check.
        var changes = 1 + Math.Min(random.Next(MaxChanges), random.Next(MaxChanges));
        for (var i = 0; i < changes; i++)
        {
            Change(other);
        }

        return _buffer.AsSpan(0, _length);
    }

    private void Change(ReadOnlySpan<byte> other)
    {
        if (_length == 0)
        {
            Insert(0, 1 + random.Next(16));
            return;
        }

        var at = random.Next(_length);
        switch (random.Next(12))
        {
            case 0:
                _buffer[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                _buffer[at] = (byte)random.Next(256);
                break;
            case 2:
                _buffer[at] += (byte)(random.Next(35) - 17);
                break;
            case 3:
                _buffer[at] = (byte)Interesting[random.Next(Interesting.Length)];
                break;
            case 4 when _length - at >= 2:
                BinaryPrimitives.WriteUInt16BigEndian(_buffer.AsSpan(at), (ushort)Interesting[random.Next(Interesting.Length)]);
                break;
            case 5 when _length - at >= 4:
                BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(at), Interesting[random.Next(Interesting.Length)]);
                break;
            case 6:
                Remove(at, 1 + random.Next(Math.Min(MaxBlock, _length - at)));
                break;
            case 7:
                Insert(at, 1 + random.Next(8));
                break;
            case 8:
                Repeat(at);
                break;
            case 9:
                Splice(at, other);
                break;
            case 10 when dictionary.Count > 0:
                Put(at, dictionary[random.Next(dictionary.Count)]);
                break;
            case 11:
                // A cut end is what truncated packets look like.
                _length = at;
                break;
            default:
                _buffer[at] ^= (byte)(1 << random.Next(8));
                break;
        }
    }

    private void Remove(int at, int count)
    {
        _buffer.AsSpan(at + count, _length - at - count).CopyTo(_buffer.AsSpan(at));
        _length -= count;
    }

    private int Open(int at, int count)
    {
        count = Math.Min(count, maxLength - _length);
        _buffer.AsSpan(at, _length - at).CopyTo(_buffer.AsSpan(at + count));
        _length += count;
        return count;
    }

    private void Insert(int at, int count)
    {
        count = Open(at, count);
        var same = random.Next(2) == 0;
        var value = (byte)random.Next(256);
        for (var i = 0; i < count; i++)
        {
            _buffer[at + i] = same ? value : (byte)random.Next(256);
        }
    }

    private void Repeat(int at)
    {
        var block = _buffer.AsSpan(at, 1 + random.Next(Math.Min(MaxBlock, _length - at))).ToArray();
        var to = random.Next(_length + 1);
        var count = Open(to, block.Length);
        block.AsSpan(0, count).CopyTo(_buffer.AsSpan(to));
    }

    private void Splice(int at, ReadOnlySpan<byte> other)
    {
        if (other.IsEmpty)
        {
            return;
        }

        var from = random.Next(other.Length);
        var piece = other.Slice(from, 1 + random.Next(other.Length - from));
        if (random.Next(2) == 0)
        {
            // The head of one with the tail of the other.
            piece = piece[..Math.Min(piece.Length, maxLength - at)];
            piece.CopyTo(_buffer.AsSpan(at));
            _length = at + piece.Length;
        }
        else
        {
            piece = piece[..Math.Min(piece.Length, MaxBlock)];
            var count = Open(at, piece.Length);
            piece[..count].CopyTo(_buffer.AsSpan(at));
        }
    }

    private void Put(int at, byte[] word)
    {
        if (random.Next(2) == 0)
        {
            word.AsSpan(0, Math.Min(word.Length, _length - at)).CopyTo(_buffer.AsSpan(at));
        }
        else
        {
            var count = Open(at, word.Length);
            word.AsSpan(0, count).CopyTo(_buffer.AsSpan(at));
        }
    }
}
