using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Stun;

namespace BuildIt.Sfu.Media.Ice;

/// <summary>The checks of a full agent: what waits goes out at a pace, what is not answered again, and what is selected is asked for consent.</summary>
internal sealed class IceChecks(IceAgentOptions options, IcePairTable pairs, IceKeys keys, IceRole role, IRandomSource random, IDatagramSink sink)
{
    private const int MaxMessageLength = 548;
    private const int MaxAttempts = 7;

    private static readonly TimeSpan InitialRetransmission = TimeSpan.FromMilliseconds(250);

    private Instant _nextAllowed = Instant.Zero;
    private Instant _nextConsent = Instant.Never;

    /// <summary>Bytes that were sent.</summary>
    public long BytesSent { get; private set; }

    /// <summary>When something is to be sent next.</summary>
    public Instant NextDeadline
    {
        get
        {
            if (options.Lite || keys.Remote is null)
            {
                return Instant.Never;
            }

            var deadline = _nextConsent;
            foreach (var pair in pairs)
            {
                deadline = pair.Check switch
                {
                    IceCheckState.Waiting => Instant.Min(deadline, _nextAllowed),
                    IceCheckState.InProgress => Instant.Min(deadline, pair.NextAttempt),
                    _ => deadline,
                };
            }

            return deadline;
        }
    }

    /// <summary>A pair is to be checked when its turn comes, unless it was or the peer is not known.</summary>
    public void Want(IcePair pair)
    {
        if (!options.Lite && keys.Remote is not null && pairs.IsCurrent(pair) && pair.Check == IceCheckState.Idle)
        {
            pair.Check = IceCheckState.Waiting;
        }
    }

    /// <summary>A pair is selected: its peer is asked for consent after the interval at the latest (RFC 7675 section 5.1).</summary>
    public void KeepConsent(IcePair selected) => _nextConsent = Instant.Min(_nextConsent, selected.LastReceived + options.ConsentInterval);

    /// <summary>Nobody is asked any more.</summary>
    public void EndConsent() => _nextConsent = Instant.Never;

    /// <summary>Sends what is due.</summary>
    public void HandleTimeout(Instant now)
    {
        if (options.Lite || keys.Remote is null)
        {
            return;
        }

        if (pairs.Selected is { } selected && now >= _nextConsent)
        {
            selected.Check = IceCheckState.Succeeded;
            Send(selected, newTransaction: true);
            _nextConsent = now + Jitter(options.ConsentInterval);
        }

        IcePair? next = null;
        foreach (var pair in pairs)
        {
            if (pair.Check == IceCheckState.InProgress && now >= pair.NextAttempt)
            {
                Retransmit(pair, now);
            }
            else if (pair.Check == IceCheckState.Waiting && (next is null || pair.RemotePriority > next.RemotePriority))
            {
                next = pair;
            }
        }

        if (next is not null && now >= _nextAllowed)
        {
            Start(next, now);
        }
    }

    /// <summary>Checks a pair at once.</summary>
    public void Start(IcePair pair, Instant now)
    {
        pair.Check = IceCheckState.InProgress;
        pair.Attempts = 1;
        pair.NextAttempt = now + InitialRetransmission;
        _nextAllowed = now + options.Pacing;
        Send(pair, newTransaction: true);
    }

    private void Retransmit(IcePair pair, Instant now)
    {
        if (pair.Attempts >= MaxAttempts)
        {
            pair.Check = IceCheckState.Failed;
            pair.IsNominating = false;
            return;
        }

        Send(pair, newTransaction: false);
        pair.Attempts++;
        pair.NextAttempt = now + InitialRetransmission * (1 << Math.Min(pair.Attempts - 1, 3));
    }

    private void Send(IcePair pair, bool newTransaction)
    {
        Span<byte> transaction = stackalloc byte[12];
        if (newTransaction)
        {
            random.Fill(transaction);
            sink.MarkTransaction(transaction);
            pair.Transaction = TransactionId.Read(transaction);
        }
        else
        {
            pair.Transaction.Write(transaction);
        }

        var remote = keys.Remote!;
        var writer = new StunWriter(sink.Reserve(pair.Path, MaxMessageLength), StunClass.Request, transaction);
        writer.WriteUsername(remote.UfragBytes, keys.Local.UfragBytes);
        writer.WriteRole(role.IsControlling, role.TieBreaker);
        if (role.IsControlling && (pair.IsNominating || (pairs.HasNominated && pair == pairs.Selected)))
        {
            writer.WriteUseCandidate();
        }

        // RFC 8445 section 7.1.1: the priority that a peer-reflexive candidate found by this check would have.
        var tcpType = pair.Remote.Protocol == TransportProtocol.Tcp ? IceTcpType.Active : IceTcpType.None;
        writer.WritePriority(IcePriority.Compute(IceCandidateType.PeerReflexive, tcpType, ushort.MaxValue));
        var length = writer.Finish(remote.PasswordBytes);
        sink.Commit(length);
        BytesSent += length;
    }

    private TimeSpan Jitter(TimeSpan mean)
    {
        Span<byte> bytes = stackalloc byte[1];
        random.Fill(bytes);
        return mean * (0.8 + 0.4 * bytes[0] / 255.0);
    }
}
