using System.Runtime.InteropServices;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Sending;

namespace BuildIt.Sfu.Media.Forwarding;

/// <summary>
/// The packets of a room that came in one iteration of its loop. They are forwarded together, subscriber by subscriber: a frame comes as
/// several packets, and what there is to know of a subscriber is fetched into the processor's cache once for all of them, which with many
/// subscribers costs more than the work itself. What goes to one subscriber also leaves as one message then. Used on one loop.
/// </summary>
internal sealed class ForwardingBatch(TrackRouter router) : IDeadline
{
    /// <summary>More than a key frame of a usual size has; a longer one is forwarded in parts.</summary>
    private const int Capacity = 64;

    private readonly HeldPacket?[] _packets = new HeldPacket?[Capacity];
    private int _count;
    private Instant _due = Instant.Never;

    /// <summary>The end of the iteration in which the first of the packets came.</summary>
    public Instant NextDeadline => _due;

    /// <summary>Forwards a packet before the iteration ends.</summary>
    public void Add(PublicationEncoding encoding, in IncomingPacket packet, Instant now)
    {
        if (encoding.Subscriptions.Count == 0 && encoding.Pipes.Count == 0)
        {
            return;
        }

        if (_count == Capacity || packet.Rtp.Datagram.Length > HeldPacket.MaxLength)
        {
            Flush(now);
        }

        if (packet.Rtp.Datagram.Length > HeldPacket.MaxLength)
        {
            foreach (var subscription in CollectionsMarshal.AsSpan(encoding.Subscriptions))
            {
                subscription.Down!.Forward(packet, subscription.Sink, now);
            }

            foreach (var pipe in encoding.Pipes)
            {
                pipe.Forward(packet, now);
            }

            return;
        }

        (_packets[_count++] ??= new HeldPacket()).Hold(encoding, packet);
        if (_due == Instant.Never)
        {
            _due = now;
            router.Host.Loop.Schedule(this);
        }
    }

    public void HandleTimeout(Instant now) => Flush(now);

    /// <summary>Forwards what is held. For when that is about to change its meaning, as when a stream goes on in another codec.</summary>
    public void Flush(Instant now)
    {
        _due = Instant.Never;
        if (_count == 0)
        {
            return;
        }

        router.Now = now;
        try
        {
            for (var i = 0; i < _count; i++)
            {
                if (_packets[i]!.Encoding is { } encoding)
                {
                    Forward(encoding, i, now);
                }
            }
        }
        finally
        {
            _count = 0;
        }
    }

    /// <summary>Forwards the packets of one stream, of which the one at <paramref name="first"/> is the first.</summary>
    private void Forward(PublicationEncoding encoding, int first, Instant now)
    {
        Span<byte> places = stackalloc byte[Capacity];
        var count = 0;
        for (var i = first; i < _count; i++)
        {
            if (_packets[i]!.Encoding == encoding)
            {
                places[count++] = (byte)i;
                _packets[i]!.Release();
            }
        }

        var subscriptions = CollectionsMarshal.AsSpan(encoding.Subscriptions);
        for (var i = 0; i < subscriptions.Length; i++)
        {
            FetchAhead(subscriptions[i..]);
            var down = subscriptions[i].Down!;
            var sink = subscriptions[i].Sink;
            foreach (var place in places[..count])
            {
                var held = _packets[place]!;
                if (held.MayConcern(down))
                {
                    down.Forward(held.Open(), sink, now);
                }
            }
        }

        if (encoding.Pipes.Count > 0)
        {
            ForwardToNodes(encoding, places[..count], now);
        }
    }

    /// <summary>
    /// In the order in which they came, whatever layers they are of: where a subscriber of the next node goes up with a key frame, the same
    /// picture of the layer below must not have overtaken it. Browsers have been seen to show nothing after these two for three seconds.
    /// </summary>
    private void ForwardToNodes(PublicationEncoding encoding, ReadOnlySpan<byte> places, Instant now)
    {
        var pipes = CollectionsMarshal.AsSpan(encoding.Pipes);
        foreach (var place in places)
        {
            foreach (var pipe in pipes)
            {
                if (pipe.Carries(_packets[place]!.Layer))
                {
                    pipe.Forward(_packets[place]!.Open(), now);
                }
            }
        }
    }

    /// <summary>Each step reads only what the step before has fetched.</summary>
    private static void FetchAhead(ReadOnlySpan<Subscription> subscriptions)
    {
        if (subscriptions.Length > 3)
        {
            CacheAhead.Fetch(subscriptions[3]);
        }

        if (subscriptions.Length > 2)
        {
            CacheAhead.Fetch(subscriptions[2].Down);
            CacheAhead.Fetch(subscriptions[2].Sink);
        }

        if (subscriptions.Length > 1)
        {
            subscriptions[1].Down!.FetchAhead();
        }
    }
}
