using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Congestion;

/// <summary>Bounds of a <see cref="BandwidthEstimator"/>.</summary>
public sealed record BandwidthEstimatorOptions
{
    public static BandwidthEstimatorOptions Default { get; } = new();

    /// <summary>Assumed before anything is known. A base layer and audio fit; the first probes go to three times this.</summary>
    public DataRate Start { get; init; } = DataRate.FromKilobits(600);

    /// <summary>Never less: audio must go on.</summary>
    public DataRate Min { get; init; } = DataRate.FromKilobits(40);

    public DataRate Max { get; init; } = DataRate.FromMegabits(100);

    /// <summary>Packets remembered for feedback; a power of two. 24 bytes each.</summary>
    public int History { get; init; } = 4096;
}

/// <summary>
/// Estimates what one subscriber's path carries, from the transport-wide feedback of the subscriber: delay gradient and
/// loss (draft-ietf-rmcat-gcc-02) and probes. Without such feedback REMB and receiver reports take its place.
/// Pure and without allocation after construction; one per path, called on its loop.
/// </summary>
/// <remarks>
/// Call <see cref="OnPacketSent"/> for every packet with a transport-wide number, then for each feedback message
/// <see cref="BeginFeedback"/>, <see cref="OnReceived"/> or <see cref="OnMissing"/> for each packet in it in order of
/// sequence number, and <see cref="EndFeedback"/>. Call <see cref="OnTime"/> at <see cref="NextDeadline"/>, and after each call
/// ask <see cref="TryTakeProbe"/>.
/// </remarks>
public sealed class BandwidthEstimator
{
    private static readonly TimeSpan InitialRoundTrip = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromMilliseconds(1000);
    private static readonly TimeSpan SilenceStep = TimeSpan.FromMilliseconds(500);
    private const double SilenceDecrease = 0.7;

    private readonly BandwidthEstimatorOptions _options;
    private readonly SentPacketHistory _history;
    private readonly PacketGroups _groups = new();
    private readonly DelayDetector _detector = new();
    private readonly AcknowledgedRate _acknowledged = new();
    private readonly AimdController _aimd;
    private readonly LossController _loss;
    private readonly ProbeController _probes;
    private readonly ProbeMeasurement _measurement = new();
    private readonly UsageMeter _usage;
    private DataRate _ceiling = DataRate.Infinite;
    private DataRate _probeResult;
    private Instant _newestAcknowledgedSend;
    private Instant _firstUnanswered = Instant.Never;
    private Instant _silenceDue = Instant.Never;
    private bool _hasTransportFeedback;

    public BandwidthEstimator(BandwidthEstimatorOptions options, Instant now)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _history = new SentPacketHistory(options.History);
        _aimd = new AimdController(options.Start, options.Min, options.Max, now);
        _loss = new LossController(options.Min, options.Max, now);
        _probes = new ProbeController(options.Max, now);
        _usage = new UsageMeter(now);
        Estimate = options.Start;
    }

    /// <summary>What may be sent: media, retransmissions, padding and <see cref="OtherTraffic"/> together.</summary>
    public DataRate Estimate { get; private set; }

    /// <summary>What goes over the same path without transport-wide numbers: part of what the path is seen to carry.</summary>
    public DataRate OtherTraffic { get; set; }

    /// <summary>Time to the subscriber and back, with the delay of its feedback.</summary>
    public TimeSpan RoundTrip { get; private set; } = InitialRoundTrip;

    /// <summary>Fraction of packets lost, lately: 0 to 1.</summary>
    public double Loss => _loss.Loss;

    /// <summary>The rate that arrives, when known.</summary>
    public DataRate? Acknowledged => _acknowledged.Rate;

    /// <summary>Queues on the path grow at present.</summary>
    public bool IsOverused => _detector.Usage == PathUsage.Overuse;

    /// <summary>Less is sent than the estimate allows.</summary>
    public bool IsApplicationLimited => _usage.IsApplicationLimited;

    /// <summary>When <see cref="OnTime"/> wants to be called.</summary>
    public Instant NextDeadline => _hasTransportFeedback ? Instant.Min(_probes.NextDeadline, _silenceDue) : Instant.Never;

    /// <summary>What the subscriber would receive on a perfect path; decides how far probing goes.</summary>
    /// <param name="wanted">All of it together.</param>
    /// <param name="starved">A track is held back entirely: look for its share more often.</param>
    public void SetWanted(DataRate wanted, bool starved = false)
    {
        _probes.Wanted = wanted;
        _probes.IsStarved = starved;
    }

    /// <summary>Holds the estimate at or under <paramref name="ceiling"/>; infinite lifts it.</summary>
    public void SetCeiling(DataRate ceiling)
    {
        _ceiling = ceiling;
        _probes.Ceiling = ceiling;
        UpdateEstimate();
    }

    /// <param name="transportSequence">The number in the packet's transport-wide extension.</param>
    /// <param name="bytes">Size on the wire, from the RTP header on.</param>
    /// <param name="cluster">The probe it belongs to, or <see cref="ProbeCluster.None"/>.</param>
    /// <param name="now">Now.</param>
    public void OnPacketSent(ushort transportSequence, int bytes, int cluster, Instant now)
    {
        _history.Add(transportSequence, bytes, cluster, now);
        _usage.OnSent(bytes, Estimate, now);
        if (_firstUnanswered == Instant.Never)
        {
            _firstUnanswered = now;
            _silenceDue = now + SilenceLimit + RoundTrip;
        }
    }

    public void BeginFeedback(Instant now)
    {
        _newestAcknowledgedSend = new Instant(long.MinValue);
        _probeResult = DataRate.Zero;
        if (!_hasTransportFeedback)
        {
            // From here on probing runs; its first step is due at once.
            _hasTransportFeedback = true;
        }
    }

    /// <param name="transportSequence">Number of a packet that arrived.</param>
    /// <param name="arrivedAt">When, on the receiver's clock, in microseconds since any fixed moment.</param>
    public void OnReceived(ushort transportSequence, long arrivedAt)
    {
        ref SentPacket packet = ref _history.Find(transportSequence, out bool found);
        if (!found || packet.Acknowledged)
        {
            return;
        }

        packet.Acknowledged = true;
        _loss.OnReceived();
        if (packet.CountedLost)
        {
            _loss.OnRecovered();
        }

        _newestAcknowledgedSend = Instant.Max(_newestAcknowledgedSend, packet.SentAt);
        _acknowledged.Add(arrivedAt, packet.Bytes);
        if (packet.Cluster != ProbeCluster.None)
        {
            // A probe is meant to fill the path. What delay it makes is its own measurement's business; as overuse it
            // would cost the media a part of its rate each time there is nothing to find.
            if (_measurement.TryAdd(packet, arrivedAt, out DataRate result))
            {
                _probeResult = result;
            }
        }
        else if (_groups.TryAdd(packet.SentAt, arrivedAt, out GroupDelta delta))
        {
            _detector.Add(delta);
        }
    }

    /// <summary>A packet that the receiver says it has not got.</summary>
    public void OnMissing(ushort transportSequence)
    {
        ref SentPacket packet = ref _history.Find(transportSequence, out bool found);
        if (found && !packet.Acknowledged && !packet.CountedLost)
        {
            packet.CountedLost = true;
            _loss.OnLost();
        }
    }

    public void EndFeedback(Instant now)
    {
        _firstUnanswered = Instant.Never;
        _silenceDue = Instant.Never;
        if (_newestAcknowledgedSend.Microseconds != long.MinValue)
        {
            TimeSpan sample = now - _newestAcknowledgedSend;
            RoundTrip += (sample - RoundTrip) / 8;
        }

        DataRate before = _aimd.Rate;
        _aimd.Update(_detector.Usage, (IsOverused ? _acknowledged.Recent : _acknowledged.Rate) + OtherTraffic, _usage.IsApplicationLimited, RoundTrip, now);
        if (_aimd.Rate < before * 0.95)
        {
            _probes.OnDrop(now);
        }

        ApplyProbe(now);
        DataRate lossBefore = _loss.Limit;
        _loss.Update(Estimate, RoundTrip, now);
        if (_loss.Limit < lossBefore)
        {
            // Growth starts again from what loss left, not from where delay alone had been.
            _aimd.Set(DataRate.Min(_aimd.Rate, _loss.Limit), now);
            _probes.OnDrop(now);
        }

        UpdateEstimate();
        _probes.OnTime(Estimate, _detector.Usage, now);
    }

    /// <summary>The subscriber's own estimate (draft-alvestrand-rmcat-remb-03). Ignored once transport-wide feedback comes.</summary>
    public void OnRemb(DataRate estimate, Instant now)
    {
        if (!_hasTransportFeedback)
        {
            _aimd.Set(estimate, now);
            UpdateEstimate();
        }
    }

    /// <summary>A receiver report's loss (RFC 3550 section 6.4.1) and round trip. Ignored once transport-wide feedback comes.</summary>
    public void OnReceiverReport(double fractionLost, int packetsExpected, TimeSpan roundTrip, Instant now)
    {
        if (_hasTransportFeedback)
        {
            return;
        }

        RoundTrip += (roundTrip - RoundTrip) / 4;
        int lost = (int)Math.Round(fractionLost * packetsExpected);
        for (int i = Math.Min(packetsExpected, _options.History); i > 0; i--)
        {
            if (i <= lost)
            {
                _loss.OnLost();
            }
            else
            {
                _loss.OnReceived();
            }
        }

        _loss.Update(Estimate, RoundTrip, now);
        UpdateEstimate();
    }

    public void OnTime(Instant now)
    {
        if (!_hasTransportFeedback)
        {
            return;
        }

        if (now >= _silenceDue)
        {
            // What is sent is not answered: either nothing gets there or nothing comes back. Sending less is right for both.
            _silenceDue = now + SilenceStep;
            _aimd.Set(_aimd.Rate * SilenceDecrease, now);
            _probes.OnDrop(now);
            UpdateEstimate();
        }

        _probes.OnTime(Estimate, _silenceDue <= now + SilenceStep ? PathUsage.Overuse : _detector.Usage, now);
    }

    /// <summary>A burst to send now, at most once each. Give it to the pacer.</summary>
    public bool TryTakeProbe(out ProbeCluster cluster)
    {
        if (!_probes.TryTake(out cluster))
        {
            return false;
        }

        _measurement.Start(cluster);
        return true;
    }

    private void ApplyProbe(Instant now)
    {
        if (_probeResult == DataRate.Zero)
        {
            return;
        }

        DataRate before = Estimate;
        _aimd.SetCapacity(_probes.FilledPath(_probeResult) ? _probeResult : DataRate.Infinite);
        bool goesOn = _probes.OnResult(_probeResult, before, now);

        // Ten small packets measure coarsely. Where another probe follows it has the last word, unless what is sent follows the estimate
        // and so proves it anyway.
        bool awaitsNext = goesOn && _measurement.IsCoarse && _usage.IsApplicationLimited;
        if (_probeResult > before && _detector.Usage != PathUsage.Overuse && !awaitsNext)
        {
            _aimd.Set(DataRate.Max(_aimd.Rate, _probeResult), now);
            _loss.Raise(_probeResult);
        }

        UpdateEstimate();
    }

    private void UpdateEstimate() =>
        Estimate = DataRate.Max(_options.Min, DataRate.Min(DataRate.Min(_aimd.Rate, _loss.Limit), _ceiling));
}
