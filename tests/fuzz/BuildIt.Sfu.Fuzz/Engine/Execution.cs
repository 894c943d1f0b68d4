using System.Diagnostics;

namespace BuildIt.Sfu.Fuzz.Engine;

/// <summary>What an input did wrong.</summary>
/// <param name="Key">The same for inputs that show the same fault.</param>
public sealed record Fault(string Key, string Text);

/// <summary>Runs one input and judges it: exceptions, memory, time.</summary>
public static class Execution
{
    /// <summary>Wall time; generous, because the machine may be busy with other things.</summary>
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(5);

    private const string Slow = "time";

    /// <summary>Null when nothing is wrong.</summary>
    public static Fault? Try(IFuzzTarget target, ReadOnlySpan<byte> input)
    {
        ArgumentNullException.ThrowIfNull(target);
        var fault = Judge(target, input);

        // A process that was held for a while looks the same as an input that takes long; only the latter does so again.
        return fault is { Key: Slow } ? Judge(target, input) : fault;
    }

    private static Fault? Judge(IFuzzTarget target, ReadOnlySpan<byte> input)
    {
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        try
        {
            target.Run(input);
        }
        catch (Exception error)
        {
            return new Fault(Key(error), error.ToString());
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        if (allocated > target.MaxAllocated)
        {
            return new Fault("memory", $"{allocated} bytes allocated for an input of {input.Length}; the limit is {target.MaxAllocated}");
        }

        return Stopwatch.GetElapsedTime(started) > TooLong ? new Fault(Slow, $"took longer than {TooLong}") : null;
    }

    // Where it was thrown tells faults apart; the message may hold values.
    private static string Key(Exception error)
    {
        var frames = (error.StackTrace ?? "").Split('\n').Where(line => line.Contains(" BuildIt.", StringComparison.Ordinal));
        var top = frames.FirstOrDefault(line => !line.Contains(nameof(Property), StringComparison.Ordinal)) ?? "";
        return error is PropertyException ? $"{error.Message} {top.Trim()}" : $"{error.GetType().Name} {top.Trim()}";
    }
}
