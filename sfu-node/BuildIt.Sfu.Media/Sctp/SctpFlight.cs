using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>What an acknowledgement says that was not known.</summary>
internal struct AcknowledgedChunks
{
    /// <summary>Bytes newly acknowledged.</summary>
    public int Bytes;

    /// <summary>Of the chunks newly acknowledged the one sent last; without transmissions when there are none.</summary>
    public OutstandingChunk Newest;

    /// <summary>How many leading chunks the gap blocks speak about.</summary>
    public int Reported;

    /// <summary>The last chunk that gap blocks newly acknowledge; -1 when there is none.</summary>
    public int HighestNew;

    public readonly bool IsEmpty => Newest.Transmissions == 0;
}

/// <summary>
/// What has been sent and is not acknowledged: which of it is on its way, which is lost and waits to be sent again, and which is given up.
/// Frees messages of which nothing is left.
/// </summary>
internal sealed class SctpFlight(uint firstTsn, SendQueue queue)
{
    /// <summary>Missing reports that make a chunk count as lost (RFC 9260 section 7.2.4).</summary>
    private const int MissesForLoss = 3;

    private readonly OutstandingChunks _chunks = new(firstTsn);

    /// <summary>Bytes on their way.</summary>
    public int Bytes { get; private set; }

    /// <summary>Chunks that wait to be sent again.</summary>
    public int Lost { get; private set; }

    public int Count => _chunks.Count;

    public bool IsFull => _chunks.IsFull;

    /// <summary>TSN of the chunk at index 0.</summary>
    public uint FirstTsn => _chunks.FirstTsn;

    /// <summary>TSN of the next chunk to be sent.</summary>
    public uint NextTsn => _chunks.NextTsn;

    /// <summary>In order of their TSNs.</summary>
    public ref readonly OutstandingChunk this[int index] => ref _chunks[index];

    /// <summary>The next so many bytes of a message are sent for the first time.</summary>
    public OutstandingChunk Send(SendMessage message, int length, Instant now)
    {
        var chunk = new OutstandingChunk
        {
            Message = message,
            Offset = message.Sent,
            Length = length,
            SentAt = now,
            Transmissions = 1,
        };
        queue.Advance(message, length);
        message.Outstanding++;
        Bytes += length;
        _chunks.Add(chunk);
        return chunk;
    }

    /// <summary>A chunk that was lost is sent again.</summary>
    public void Resend(int index, Instant now)
    {
        ref var chunk = ref _chunks[index];
        Lost--;
        chunk.State = OutstandingState.InFlight;
        chunk.Transmissions++;
        chunk.SentAt = now;
        Bytes += chunk.Length;
    }

    /// <summary>Takes what a SACK says (RFC 9260 section 6.2.1).</summary>
    /// <param name="advance">Leading chunks that are acknowledged for good; no more than there are.</param>
    /// <param name="gaps">Gap blocks, which count from there.</param>
    public AcknowledgedChunks Acknowledge(int advance, ReadOnlySpan<byte> gaps)
    {
        var news = new AcknowledgedChunks { HighestNew = -1 };
        for (var i = 0; i < advance; i++)
        {
            AcknowledgeOne(ref _chunks[0], ref news);
            DropFirst();
        }

        AcknowledgeGaps(gaps, ref news);
        return news;
    }

    /// <summary>
    /// RFC 9260 section 7.2.4 with "highest TSN newly acknowledged". A retransmission is judged by the time of sending instead, so that one
    /// that is lost again is noticed without waiting for the timer.
    /// </summary>
    /// <returns>Whether any counts as lost from now on.</returns>
    public bool CountMisses(in AcknowledgedChunks news, Instant now)
    {
        var lost = false;
        for (var i = 0; i < news.Reported && i < _chunks.Count; i++)
        {
            ref var chunk = ref _chunks[i];
            var overtaken = chunk.Transmissions == 1 ? i < news.HighestNew : chunk.SentAt < news.Newest.SentAt;
            if (chunk.State == OutstandingState.InFlight && overtaken && ++chunk.Misses >= MissesForLoss)
            {
                Lose(ref chunk, now);
                lost = true;
            }
        }

        return lost;
    }

    /// <summary>All that is on its way is taken for lost (RFC 9260 section 6.3.3).</summary>
    public void LoseAll(Instant now)
    {
        // The first outstanding chunk cannot be among the gaps, unless the peer took back what it had reported (section 6.2.1).
        var takenBack = _chunks.Count > 0 && _chunks[0].State == OutstandingState.Acked;
        for (var i = 0; i < _chunks.Count; i++)
        {
            if (takenBack && _chunks[i].State == OutstandingState.Acked)
            {
                _chunks[i].State = OutstandingState.Retransmit;
                Lost++;
            }
            else if (_chunks[i].State == OutstandingState.InFlight)
            {
                Lose(ref _chunks[i], now);
            }
        }
    }

    /// <summary>RFC 3758 section 3.5: all fragments of a message are given up together.</summary>
    public void Abandon(SendMessage message)
    {
        message.Abandoned = true;
        for (var i = 0; i < _chunks.Count; i++)
        {
            ref var chunk = ref _chunks[i];
            if (chunk.Message != message)
            {
                continue;
            }

            Uncount(chunk);
            chunk.State = OutstandingState.Abandoned;
        }

        if (!message.IsFullySent)
        {
            // A TSN for the fragments never sent: skipping it tells the peer to drop what it has of the message.
            _chunks.Add(new OutstandingChunk { Message = message, State = OutstandingState.Abandoned });
            message.Outstanding++;
            queue.GiveUp(message);
        }
    }

    /// <summary>Gives every buffer back.</summary>
    public void Clear()
    {
        while (_chunks.Count > 0)
        {
            DropFirst();
        }
    }

    private static bool IsNew(in OutstandingChunk chunk) => chunk.State is OutstandingState.InFlight or OutstandingState.Retransmit;

    private void AcknowledgeOne(ref OutstandingChunk chunk, ref AcknowledgedChunks news)
    {
        if (!IsNew(chunk))
        {
            return;
        }

        Uncount(chunk);
        news.Bytes += chunk.Length;
        chunk.State = OutstandingState.Acked;
        if (news.IsEmpty || chunk.SentAt >= news.Newest.SentAt)
        {
            news.Newest = chunk;
        }
    }

    private void AcknowledgeGaps(ReadOnlySpan<byte> gaps, ref AcknowledgedChunks news)
    {
        for (; gaps.Length >= 4; gaps = gaps[4..])
        {
            // Offsets count from the cumulative TSN, which is one before index 0.
            var start = BinaryPrimitives.ReadUInt16BigEndian(gaps) - 1;
            var end = BinaryPrimitives.ReadUInt16BigEndian(gaps[2..]) - 1;
            if (start < news.Reported || end < start || end >= _chunks.Count)
            {
                break;
            }

            for (var i = start; i <= end; i++)
            {
                news.HighestNew = IsNew(_chunks[i]) ? i : news.HighestNew;
                AcknowledgeOne(ref _chunks[i], ref news);
            }

            news.Reported = end + 1;
        }
    }

    private void Lose(ref OutstandingChunk chunk, Instant now)
    {
        Bytes -= chunk.Length;
        chunk.Misses = 0;
        chunk.State = OutstandingState.Retransmit;
        Lost++;
        if (chunk.Transmissions > chunk.Message.MaxRetransmits || now >= chunk.Message.Expires)
        {
            Abandon(chunk.Message);
        }
    }

    private void DropFirst()
    {
        ref var chunk = ref _chunks[0];
        Uncount(chunk);
        var message = chunk.Message;
        message.Outstanding--;
        if (message.Outstanding == 0 && message.IsFullySent)
        {
            queue.Free(message);
        }

        _chunks.RemoveFirst();
    }

    private void Uncount(in OutstandingChunk chunk)
    {
        Bytes -= chunk.State == OutstandingState.InFlight ? chunk.Length : 0;
        Lost -= chunk.State == OutstandingState.Retransmit ? 1 : 0;
    }
}
