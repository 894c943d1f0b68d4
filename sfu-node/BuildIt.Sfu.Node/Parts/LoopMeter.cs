namespace BuildIt.Sfu.Node.Parts;

/// <summary>Turns the processor times of loops into shares of a core. Pure; one caller.</summary>
public sealed class LoopMeter(int loops)
{
    private readonly TimeSpan?[] _worked = new TimeSpan?[loops];
    private readonly double[] _busy = new double[loops];
    private readonly TimeSpan[] _busyFor = new TimeSpan[loops];

    /// <summary>Takes another reading, about a second after the one before.</summary>
    /// <param name="worked">What each loop has used since it started.</param>
    /// <param name="elapsed">Since the reading before.</param>
    public void Sample(ReadOnlySpan<TimeSpan> worked, TimeSpan elapsed)
    {
        for (var i = 0; i < _worked.Length; i++)
        {
            if (_worked[i] is { } before && elapsed > TimeSpan.Zero)
            {
                _busy[i] = Math.Clamp((worked[i] - before) / elapsed, 0, 1);
                _busyFor[i] = _busy[i] >= PartPlanner.OpenAbove ? _busyFor[i] + elapsed : TimeSpan.Zero;
            }

            _worked[i] = worked[i];
        }
    }

    /// <summary>As of the last reading.</summary>
    public LoopLoad Of(int loop) => new(_busy[loop], _busyFor[loop], 0);
}
