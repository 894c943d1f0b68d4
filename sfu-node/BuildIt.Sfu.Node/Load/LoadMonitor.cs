using System.Text.Json;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Configuration;

namespace BuildIt.Sfu.Node.Load;

/// <summary>
/// Turns counters into <see cref="NodeLoad"/> once a second. Rates are averaged over the last few samples, so that one burst
/// does not scale a fleet. <see cref="Current"/> is thread-safe; <see cref="Sample"/> belongs to one caller.
/// </summary>
public sealed class LoadMonitor(NodeSettings settings, INodeActivity activity, ResourceMeter meter, TimeProvider time)
{
    /// <summary>Weight of the newest second in the moving average: about three seconds of memory.</summary>
    private const double Weight = 0.4;

    private long _lastAt = time.GetTimestamp();
    private long _lastIn = activity.BytesReceived;
    private long _lastOut = activity.BytesSent;
    private double _in;
    private double _out;
    private volatile NodeLoad _current = NodeLoad.None;

    /// <summary>The last sample.</summary>
    public NodeLoad Current => _current;

    public NodeLoad Sample()
    {
        var at = time.GetTimestamp();
        var seconds = time.GetElapsedTime(_lastAt, at).TotalSeconds;
        var (received, sent) = (activity.BytesReceived, activity.BytesSent);
        if (seconds > 0)
        {
            _in = Smooth(_in, (received - _lastIn) * 8 / seconds, seconds);
            _out = Smooth(_out, (sent - _lastOut) * 8 / seconds, seconds);
        }

        (_lastAt, _lastIn, _lastOut) = (at, received, sent);
        var usage = meter.Sample();
        return _current = Synthetic() ?? new NodeLoad
        {
            Rooms = activity.Rooms,
            Participants = activity.Participants,
            Publishers = activity.Publishers,
            Subscribers = activity.Subscribers,
            IngressBitsPerSecond = (long)Math.Max(0, _in),
            EgressBitsPerSecond = (long)Math.Max(0, _out),
            Cpu = usage.Cpu,
            Memory = usage.Memory,
        };
    }

    /// <summary>A moving average after some more seconds, in which it was otherwise.</summary>
    internal static double Smooth(double average, double newest, double seconds) => newest + (Math.Pow(1 - Weight, seconds) * (average - newest));

    private NodeLoad? Synthetic()
    {
        if (settings.SyntheticLoadFile is not { } file)
        {
            return settings.SyntheticLoad;
        }

        try
        {
            return ContractJson.TryRead(File.ReadAllBytes(file), ContractJson.Default.NodeLoad, out var load) ? load : settings.SyntheticLoad;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return settings.SyntheticLoad;
        }
    }
}
