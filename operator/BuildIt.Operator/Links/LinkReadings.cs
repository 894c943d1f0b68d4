using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Topology;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Links;

/// <summary>Makes of what single nodes report what is known of the path between two fleets. Pure.</summary>
internal static class LinkReadings
{
    /// <summary>A heartbeat that is older says nothing of now.</summary>
    private static readonly TimeSpan Fresh = Heartbeat.Expiry;

    /// <summary>A peer that has missed a heartbeat may be dead, which is another reason for a link to be silent than the path.</summary>
    private static readonly TimeSpan Punctual = 2 * Heartbeat.Interval;

    // What comes over the network is held to what can be.
    private const double MostMilliseconds = 600_000;
    private const long MostBits = 100_000_000_000_000;

    /// <summary>The way from one fleet to another.</summary>
    /// <param name="from">Where the nodes are that measured.</param>
    /// <param name="to">Where their peers are.</param>
    /// <param name="heard">The newest heartbeat of a node by its name, and how old it is; null when there is none.</param>
    /// <param name="patience">How long a link may be silent before it counts as broken, whatever its node calls it.</param>
    public static LinkReading Of(FleetView from, FleetView to, Func<string, (Heartbeat Heartbeat, TimeSpan Age)?> heard, TimeSpan patience)
    {
        var sums = new Sums([]);
        foreach (var instance in from.Instances)
        {
            if (heard(instance.Observation.Name) is not { } own || own.Age > Fresh)
            {
                continue;
            }

            foreach (var report in own.Heartbeat.Links)
            {
                if (to.Find(report.Peer.Value) is not null && heard(report.Peer.Value) is { } peer && peer.Age <= Fresh)
                {
                    sums.Add(instance.Observation.Name, report, patience, mayBeDead: peer.Age > Punctual);
                }
            }
        }

        return sums.ToReading();
    }

    private struct Sums(List<SentOver> sent)
    {
        private int _up;
        private int _broken;
        private int _refused;
        private int _rooms;
        private long _bandwidth;
        private Mean _roundTrip;
        private Mean _jitter;
        private Mean _loss;

        public void Add(string node, LinkReport report, TimeSpan patience, bool mayBeDead)
        {
            _rooms += Math.Clamp(report.Rooms, 0, 100_000);
            sent.Add(new SentOver(node, report.Peer.Value, Math.Clamp(report.SentBytes, 0, long.MaxValue / 1024)));
            switch (report.State)
            {
                case LinkState.Up when report.SilentSeconds is { } silent && silent > patience.TotalSeconds:
                case LinkState.Broken:
                    _broken += mayBeDead ? 0 : 1;
                    return;
                case LinkState.Refused:
                    _refused++;
                    return;
                case LinkState.Up:
                    _up++;
                    break;
                default:
                    return;
            }

            _roundTrip.Add(report.RoundTripMilliseconds, MostMilliseconds);
            _jitter.Add(report.JitterMilliseconds, MostMilliseconds);
            _loss.Add(report.LossFraction, 1);
            _bandwidth = Math.Max(_bandwidth, Math.Clamp(report.BandwidthBitsPerSecond ?? 0, 0, MostBits));
        }

        public readonly LinkReading ToReading() => new()
        {
            Up = _up,
            Broken = _broken,
            Refused = _refused,
            Rooms = _rooms,
            Sent = sent,
            Bandwidth = _bandwidth > 0 ? _bandwidth : null,
            RoundTrip = _roundTrip.Value,
            Jitter = _jitter.Value,
            Loss = _loss.Value,
        };
    }

    private struct Mean
    {
        private double _sum;
        private int _count;

        public readonly double? Value => _count == 0 ? null : _sum / _count;

        public void Add(double? value, double most)
        {
            if (value is { } known && double.IsFinite(known))
            {
                _sum += Math.Clamp(known, 0, most);
                _count++;
            }
        }
    }
}
