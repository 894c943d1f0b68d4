using System.Buffers;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>A DATA chunk as it arrived (RFC 9260 section 3.3.1).</summary>
internal readonly ref struct DataChunk
{
    public uint Tsn { get; init; }

    public ushort Stream { get; init; }

    public ushort Ssn { get; init; }

    public uint Ppid { get; init; }

    public byte Flags { get; init; }

    public ReadOnlySpan<byte> Payload { get; init; }

    public bool Unordered => (Flags & SctpConstants.FlagUnordered) != 0;

    public bool Begins => (Flags & SctpConstants.FlagBegin) != 0;

    public bool Ends => (Flags & SctpConstants.FlagEnd) != 0;
}

/// <summary>
/// Turns chunks into messages: joins fragments, and delivers ordered messages by their stream sequence number. A message that is
/// complete and due goes out without being copied.
/// </summary>
internal sealed class Reassembly(SctpOptions options, Reassembly.Deliver deliver)
{
    /// <summary>Charged for each buffer besides its bytes.</summary>
    private const int Overhead = 96;

    // Fragments in a row, keyed by their first and by their last TSN.
    private readonly Dictionary<uint, Run> _byFirst = [];
    private readonly Dictionary<uint, Run> _byLast = [];
    private readonly Dictionary<ushort, IncomingStream> _streams = [];

    public delegate void Deliver(ushort stream, uint ppid, ReadOnlySpan<byte> message);

    /// <summary>Bytes held, charges included.</summary>
    public int Held { get; private set; }

    /// <summary>Takes a new chunk. False when the peer broke the protocol or the limit on message size.</summary>
    /// <param name="chunk">A chunk that has not been taken before.</param>
    /// <param name="cumulative">Everything up to here has arrived or was skipped, this chunk included.</param>
    public bool Add(in DataChunk chunk, uint cumulative)
    {
        if (chunk.Begins && chunk.Ends)
        {
            if (chunk.Payload.Length > options.MaxMessageSize)
            {
                return false;
            }

            if (chunk.Unordered)
            {
                deliver(chunk.Stream, chunk.Ppid, chunk.Payload);
                return true;
            }

            var stream = StreamOf(chunk.Stream);
            if (stream.Expected == chunk.Ssn && !stream.IsHeld)
            {
                stream.Expected++;
                deliver(chunk.Stream, chunk.Ppid, chunk.Payload);
                DeliverEarly(stream);
                return true;
            }
        }

        var run = new Run(chunk);
        Held += run.Bytes + Overhead;
        return Join(run, cumulative);
    }

    /// <summary>The peer gave up everything up to <paramref name="tsn"/> (RFC 3758 section 3.6).</summary>
    public void Skip(uint tsn, uint cumulative)
    {
        foreach (var run in _byFirst.Values)
        {
            if (Serial.LessOrEqual(run.First, tsn) || run.IsStranded(cumulative))
            {
                _byFirst.Remove(run.First);
                _byLast.Remove(run.Last);
                Release(run);
            }
        }
    }

    /// <summary>The peer gave up the ordered messages of a stream up to <paramref name="ssn"/>.</summary>
    public void Skip(ushort streamId, ushort ssn)
    {
        var stream = StreamOf(streamId);
        if (!Serial.LessOrEqual(stream.Expected, ssn))
        {
            return;
        }

        // What is complete is still delivered, in order; only the holes are stepped over.
        while (stream.Early.Count > 0 && Serial.LessOrEqual(stream.Expected, ssn))
        {
            if (stream.Early.Remove(stream.Expected++, out var run))
            {
                DeliverRun(run);
            }
        }

        if (Serial.LessOrEqual(stream.Expected, ssn))
        {
            stream.Expected = (ushort)(ssn + 1);
        }

        DeliverEarly(stream);
    }

    /// <summary>Sequence numbers of the stream start again (RFC 6525 section 5.2.2).</summary>
    public void Reset(ushort streamId)
    {
        if (_streams.Remove(streamId, out var stream))
        {
            foreach (var run in stream.Early.Values)
            {
                Release(run);
            }
        }
    }

    public void ResetAll()
    {
        foreach (var streamId in _streams.Keys)
        {
            Reset(streamId);
        }
    }

    public void Clear()
    {
        foreach (var run in _byFirst.Values)
        {
            run.Release();
        }

        foreach (var stream in _streams.Values)
        {
            foreach (var run in stream.Early.Values)
            {
                run.Release();
            }

            stream.Early.Clear();
        }

        _byFirst.Clear();
        _byLast.Clear();
        Held = 0;
    }

    private bool Join(Run run, uint cumulative)
    {
        if (!run.Begins && _byLast.TryGetValue(run.First - 1, out var before) && !before.Ends)
        {
            if (!before.Fits(run))
            {
                run.Release();
                return false;
            }

            Remove(before);
            before.Append(run);
            run = before;
        }

        if (!run.Ends && _byFirst.TryGetValue(run.Last + 1, out var after) && !after.Begins)
        {
            if (!run.Fits(after))
            {
                run.Release();
                return false;
            }

            Remove(after);
            run.Append(after);
        }

        if (run.Bytes > options.MaxMessageSize)
        {
            run.Release();
            return false;
        }

        if (run.IsStranded(cumulative))
        {
            Release(run);
            return true;
        }

        if (!run.Begins || !run.Ends)
        {
            _byFirst[run.First] = run;
            _byLast[run.Last] = run;
            return true;
        }

        if (run.Unordered)
        {
            DeliverRun(run);
            return true;
        }

        var stream = StreamOf(run.Stream);
        if (!Serial.LessOrEqual(stream.Expected, run.Ssn) || !stream.Early.TryAdd(run.Ssn, run))
        {
            run.Release();
            return false;
        }

        DeliverEarly(stream);
        return true;
    }

    /// <summary>Keeps the ordered messages of a stream back, or delivers those that were kept and all later ones again.</summary>
    public void Hold(ushort streamId, bool held)
    {
        var stream = StreamOf(streamId);
        stream.IsHeld = held;
        DeliverEarly(stream);
    }

    public bool IsHeld(ushort streamId) => _streams.TryGetValue(streamId, out var stream) && stream.IsHeld;

    private void Remove(Run run)
    {
        _byFirst.Remove(run.First);
        _byLast.Remove(run.Last);
    }

    private IncomingStream StreamOf(ushort id)
    {
        if (!_streams.TryGetValue(id, out var stream))
        {
            _streams[id] = stream = new IncomingStream();
        }

        return stream;
    }

    private void DeliverEarly(IncomingStream stream)
    {
        // Whoever takes a message may have the stream held by that.
        while (!stream.IsHeld && stream.Early.Remove(stream.Expected, out var run))
        {
            stream.Expected++;
            DeliverRun(run);
        }
    }

    private void DeliverRun(Run run)
    {
        if (run.Parts.Count == 1)
        {
            deliver(run.Stream, run.Ppid, run.Parts[0].Span);
        }
        else
        {
            var whole = ArrayPool<byte>.Shared.Rent(run.Bytes);
            var offset = 0;
            foreach (var part in run.Parts)
            {
                part.Span.CopyTo(whole.AsSpan(offset));
                offset += part.Length;
            }

            deliver(run.Stream, run.Ppid, whole.AsSpan(0, offset));
            ArrayPool<byte>.Shared.Return(whole);
        }

        Release(run);
    }

    private void Release(Run run)
    {
        Held = Math.Max(0, Held - run.Bytes - Overhead * run.Parts.Count);
        run.Release();
    }

    /// <summary>Order within one stream.</summary>
    private sealed class IncomingStream
    {
        /// <summary>Stream sequence number due next.</summary>
        public ushort Expected { get; set; }

        /// <summary>Complete messages wait although their turn has come.</summary>
        public bool IsHeld { get; set; }

        /// <summary>Complete messages whose turn has not come.</summary>
        public Dictionary<ushort, Run> Early { get; } = [];
    }

    private readonly record struct Part(byte[] Buffer, int Length)
    {
        public ReadOnlySpan<byte> Span => Buffer.AsSpan(0, Length);
    }

    /// <summary>Fragments of one message with consecutive TSNs.</summary>
    private sealed class Run
    {
        public Run(in DataChunk chunk)
        {
            First = chunk.Tsn;
            Last = chunk.Tsn;
            Stream = chunk.Stream;
            Ssn = chunk.Ssn;
            Ppid = chunk.Ppid;
            Unordered = chunk.Unordered;
            Begins = chunk.Begins;
            Ends = chunk.Ends;
            Bytes = chunk.Payload.Length;
            var buffer = ArrayPool<byte>.Shared.Rent(Bytes);
            chunk.Payload.CopyTo(buffer);
            Parts.Add(new Part(buffer, Bytes));
        }

        public uint First { get; }

        public uint Last { get; private set; }

        public ushort Stream { get; }

        public ushort Ssn { get; }

        public uint Ppid { get; }

        public bool Unordered { get; }

        public bool Begins { get; }

        public bool Ends { get; private set; }

        public int Bytes { get; private set; }

        public List<Part> Parts { get; } = [];

        public bool Fits(Run next) => Stream == next.Stream && Unordered == next.Unordered && (Unordered || Ssn == next.Ssn);

        /// <summary>The fragment before or after it was skipped, so that it will never be whole.</summary>
        public bool IsStranded(uint cumulative) =>
            (!Begins && Serial.LessOrEqual(First - 1, cumulative)) || (!Ends && Serial.LessOrEqual(Last + 1, cumulative));

        public void Append(Run next)
        {
            Parts.AddRange(next.Parts);
            Last = next.Last;
            Ends = next.Ends;
            Bytes += next.Bytes;
        }

        public void Release()
        {
            foreach (var part in Parts)
            {
                ArrayPool<byte>.Shared.Return(part.Buffer);
            }

            Parts.Clear();
        }
    }
}
