using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Congestion;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Sending;

namespace BuildIt.Sfu.Media.Forwarding;

/// <summary>
/// What one subscriber's link carries: the estimator fed by its feedback, the probes that the estimator asks for, and what data
/// messages may use of it.
/// Media leaves when it arrives; only probes are spread over time. Used on one loop.
/// </summary>
internal sealed class LinkBudget
{
    /// <summary>To a client. A second at 2,000 packets: later feedback is of no use.</summary>
    private static readonly BandwidthEstimatorOptions ToClient = new() { History = 2048 };

    /// <summary>Loss from which data gives way.</summary>
    private const double LossLimit = 0.1;

    /// <summary>What repair may take of the estimate. More means that the link is full, and repair would fill it further.</summary>
    private const double RetransmissionShare = 0.5;

    /// <summary>Unused repair that may be caught up on at once.</summary>
    private static readonly TimeSpan RetransmissionBurst = TimeSpan.FromMilliseconds(250);

    private readonly BandwidthEstimator _estimator;
    private readonly ProbePacer _pacer = new();
    private LinkDemand _demand;
    private bool _hasFeedback;
    private long _retransmissionBudget;
    private Instant _budgetAt;
    private int _probePacket;

    /// <param name="now">Now.</param>
    /// <param name="options">Bounds of what is estimated; those for a client by default.</param>
    public LinkBudget(Instant now, BandwidthEstimatorOptions? options = null)
    {
        _estimator = new BandwidthEstimator(options ?? ToClient, now);
        Data = new DataBudget(_estimator.Estimate, now);
    }

    /// <summary>What data messages may use. They carry no transport-wide numbers: media's feedback speaks for them.</summary>
    public DataBudget Data { get; }

    /// <summary>What media may send; unlimited for a client that gives no feedback at all.</summary>
    public DataRate Available(bool negotiated) =>
        negotiated || _hasFeedback ? _estimator.Estimate - DataRate.Min(Data.Used, Data.Guaranteed) : DataRate.Infinite;

    public TimeSpan RoundTrip => _estimator.RoundTrip;

    /// <summary>What the path is thought to carry.</summary>
    public DataRate Estimate => _estimator.Estimate;

    public double Loss => _estimator.Loss;

    /// <summary>The client has reported on what it receives, so that round trip and loss are its own.</summary>
    public bool IsMeasured => _hasFeedback;

    /// <summary>When the probe under way goes on; never when none is.</summary>
    public Instant NextProbePacket => _pacer.NextDeadline;

    public void SetWanted(in LinkDemand demand)
    {
        _demand = demand;
        _estimator.SetWanted(demand.Wanted, demand.IsStarved);
    }

    public void SetCeiling(DataRate ceiling) => _estimator.SetCeiling(ceiling);

    /// <summary>Notes a packet that is about to leave with a transport-wide number.</summary>
    public void OnSent(ushort transportSequence, int bytes, SentPacketKind kind, Instant now)
    {
        _estimator.OnPacketSent(transportSequence, bytes, _pacer.CurrentCluster, now);
        Data.OnMedia(now);
        if (kind == SentPacketKind.Probe)
        {
            _pacer.OnPaddingSent(bytes);
        }
        else
        {
            _pacer.OnMediaSent(bytes, now);
        }
    }

    /// <summary>Bytes of retransmissions that may be sent now.</summary>
    public long RetransmissionBudget(Instant now)
    {
        var rate = _estimator.Estimate * RetransmissionShare;
        var earned = now - _budgetAt < RetransmissionBurst ? now - _budgetAt : RetransmissionBurst;
        _budgetAt = now;
        _retransmissionBudget = Math.Min(rate.Over(RetransmissionBurst).Bytes, _retransmissionBudget + rate.Over(earned).Bytes);
        return _retransmissionBudget;
    }

    public void OnRetransmitted(int bytes) => _retransmissionBudget -= bytes;

    /// <summary>Takes transport-wide feedback or REMB; true when the packet was one of them.</summary>
    public bool TryHandle(in RtcpPacketView packet, Instant now)
    {
        if (Remb.TryRead(packet, out var remb))
        {
            _hasFeedback = true;
            _estimator.OnRemb(remb, now);
            UpdateData(isCongested: false, now);
            return true;
        }

        if (!TransportFeedbackReader.TryRead(packet, out var feedback))
        {
            return false;
        }

        _hasFeedback = true;
        _estimator.BeginFeedback(now);
        foreach (var arrival in feedback)
        {
            if (arrival.Received)
            {
                _estimator.OnReceived(arrival.Sequence, arrival.ArrivalMicroseconds);
            }
            else
            {
                _estimator.OnMissing(arrival.Sequence);
            }
        }

        // Data gives way first: of what it still sends then, media's estimate makes allowance.
        var before = _estimator.Estimate;
        _estimator.OtherTraffic = DataRate.Min(Data.Used, Data.Rate);
        _estimator.EndFeedback(now);
        UpdateData(_estimator.IsOverused || _estimator.Loss > LossLimit || _estimator.Estimate < before * 0.95, now);
        StartProbe(now);
        return true;
    }

    /// <summary>Takes a receiver report's loss and round trip, for clients without transport-wide feedback.</summary>
    public void OnReceiverReport(double fractionLost, int packetsExpected, TimeSpan roundTrip, Instant now) =>
        _estimator.OnReceiverReport(fractionLost, packetsExpected, roundTrip, now);

    /// <summary>Does what is due, probes included: they are made of packets of <paramref name="streams"/>.</summary>
    public void HandleTimeout(IReadOnlyList<OutgoingStream> streams, IRtpSink sink, Instant now)
    {
        if (now >= _estimator.NextDeadline)
        {
            var before = _estimator.Estimate;
            _estimator.OnTime(now);
            UpdateData(_estimator.Estimate < before, now);
        }

        StartProbe(now);
        while (_pacer.PaddingDue(now) is var due && due > DataSize.Zero)
        {
            if (!TrySendProbe((int)Math.Min(due.Bytes, _probePacket), streams, sink, now))
            {
                // Nothing has been sent that could be repeated: the probe is given up and tried again later.
                _pacer.OnPaddingSent((int)due.Bytes);
            }
        }
    }

    private void UpdateData(bool isCongested, Instant now) =>
        Data.Update(new LinkSigns(_estimator.Estimate, _demand.Base, isCongested, _demand.IsHeldBack, _estimator.RoundTrip), now);

    private void StartProbe(Instant now)
    {
        if (_estimator.TryTakeProbe(out var cluster))
        {
            _pacer.Start(cluster, now);
            _probePacket = cluster.PacketBytes;
        }
    }

    private static bool TrySendProbe(int size, IReadOnlyList<OutgoingStream> streams, IRtpSink sink, Instant now)
    {
        for (var i = 0; i < streams.Count; i++)
        {
            if (streams[i] is { IsVideo: true, Down: { } down } && down.WriteProbe(size, sink, now) > 0)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>What is wanted of a link.</summary>
/// <param name="Wanted">What all that is wanted would cost.</param>
/// <param name="Base">What sound and the lowest layer of every wanted video would cost.</param>
/// <param name="IsHeldBack">Whether a track gets less than is wanted of it.</param>
/// <param name="IsStarved">Whether a track gets nothing for want of rate.</param>
internal readonly record struct LinkDemand(DataRate Wanted, DataRate Base, bool IsHeldBack, bool IsStarved);
