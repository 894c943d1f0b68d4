using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Sctp;

namespace BuildIt.Sfu.Media.Tests.Sctp;

/// <summary>What a path does to packets.</summary>
internal sealed record PathQuality
{
    public double Loss { get; init; }

    public double Duplication { get; init; }

    public TimeSpan Delay { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Each packet is late by up to this, so that packets overtake each other.</summary>
    public TimeSpan Jitter { get; init; }
}

/// <summary>An end that takes and gives packets in virtual time.</summary>
internal interface IPathEnd
{
    Instant NextDeadline { get; }

    void Handle(ReadOnlySpan<byte> packet, Instant now);

    void HandleTimeout(Instant now);

    bool TryGetOutgoing(Span<byte> buffer, Instant now, out int written);
}

/// <summary>Two ends joined by an emulated network in virtual time. Everything follows from the seed.</summary>
internal sealed class EmulatedPath(IPathEnd left, IPathEnd right, PathQuality quality, int seed)
{
    private readonly Random _random = new(seed);
    private readonly PriorityQueue<(IPathEnd To, byte[] Packet), (long At, long Order)> _inTransit = new();
    private long _order;

    public Instant Now { get; private set; } = Instant.FromMilliseconds(1);

    public long PacketsSent { get; private set; }

    /// <summary>Changes or drops (empty) a packet on its way.</summary>
    public Func<byte[], Random, byte[]>? Tamper { get; init; }

    /// <summary>Runs until <paramref name="done"/> or until <paramref name="limit"/> of virtual time has passed; true when done.</summary>
    public bool RunUntil(Func<bool> done, TimeSpan limit, Action<Instant>? step = null)
    {
        var end = Now + limit;
        Pump();
        while (!done())
        {
            step?.Invoke(Now);
            Pump();
            var next = Instant.Min(left.NextDeadline, right.NextDeadline);
            if (_inTransit.TryPeek(out _, out var first))
            {
                next = Instant.Min(next, new Instant(first.At));
            }

            if (step is not null)
            {
                next = Instant.Min(next, Now + TimeSpan.FromMilliseconds(5));
            }

            if (next > end)
            {
                Now = end;
                return done();
            }

            Now = Instant.Max(Now, next);
            while (_inTransit.TryPeek(out var item, out var at) && at.At <= Now.Microseconds)
            {
                _inTransit.Dequeue();
                item.To.Handle(item.Packet, Now);
                Pump();
            }

            Timeout(left);
            Timeout(right);
            Pump();
        }

        return true;
    }

    private void Timeout(IPathEnd end)
    {
        if (end.NextDeadline <= Now)
        {
            end.HandleTimeout(Now);
        }
    }

    private void Pump()
    {
        Pump(left, right);
        Pump(right, left);
    }

    private void Pump(IPathEnd from, IPathEnd to)
    {
        Span<byte> buffer = stackalloc byte[1500];
        while (from.TryGetOutgoing(buffer, Now, out var written))
        {
            PacketsSent++;
            Assert.InRange(written, 16, 1172);
            Assert.Equal(0, written % 4);
            Carry(to, buffer[..written].ToArray());
            if (_random.NextDouble() < quality.Duplication)
            {
                Carry(to, buffer[..written].ToArray());
            }
        }
    }

    private void Carry(IPathEnd to, byte[] packet)
    {
        packet = Tamper?.Invoke(packet, _random) ?? packet;
        if (packet.Length == 0 || _random.NextDouble() < quality.Loss)
        {
            return;
        }

        var at = Now + quality.Delay + quality.Jitter * _random.NextDouble();
        _inTransit.Enqueue((to, packet), (at.Microseconds, _order++));
    }
}

internal sealed class SeededRandom(int seed) : IRandomSource
{
    private readonly Random _random = new(seed);

    public void Fill(Span<byte> destination) => _random.NextBytes(destination);
}

/// <summary>An association and a record of what it raised.</summary>
internal sealed class SctpEnd : ISctpEvents, IPathEnd
{
    public SctpEnd(int seed, SctpOptions? options = null) => Association = new SctpAssociation(options ?? SctpOptions.Default, new SeededRandom(seed), this);

    public SctpAssociation Association { get; }

    public List<(ushort Stream, uint Ppid, byte[] Data)> Messages { get; } = [];

    public List<ushort> IncomingResets { get; } = [];

    public List<ushort> OutgoingResets { get; } = [];

    public int Connected { get; private set; }

    public SctpCloseReason? Closed { get; private set; }

    public int MostReceiveBuffered { get; private set; }

    public Instant NextDeadline => Association.NextDeadline;

    public void Handle(ReadOnlySpan<byte> packet, Instant now)
    {
        Association.Handle(packet, now);
        MostReceiveBuffered = Math.Max(MostReceiveBuffered, Association.ReceiveBuffered);
    }

    public void HandleTimeout(Instant now) => Association.HandleTimeout(now);

    public bool TryGetOutgoing(Span<byte> buffer, Instant now, out int written) => Association.TryGetOutgoing(buffer, now, out written);

    public void OnConnected(Instant now) => Connected++;

    public void OnClosed(SctpCloseReason reason, Instant now)
    {
        Assert.Null(Closed);
        Closed = reason;
    }

    public void OnMessage(ushort stream, uint ppid, ReadOnlySpan<byte> message, Instant now) => Messages.Add((stream, ppid, message.ToArray()));

    public void OnIncomingStreamReset(ushort stream, Instant now) => IncomingResets.Add(stream);

    public void OnOutgoingStreamReset(ushort stream, Instant now) => OutgoingResets.Add(stream);
}
