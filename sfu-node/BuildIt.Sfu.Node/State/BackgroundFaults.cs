using System.Collections.Concurrent;

namespace BuildIt.Sfu.Node.State;

/// <summary>
/// Counts the failures of work that goes on for as long as the process does. A fault of one round must not end the rounds, nor go
/// unseen. Thread-safe.
/// </summary>
public sealed partial class BackgroundFaults(ILogger<BackgroundFaults> logger)
{
    private readonly ConcurrentDictionary<string, long> _counts = new(StringComparer.Ordinal);

    /// <summary>Failures so far, by work.</summary>
    public IEnumerable<KeyValuePair<string, long>> Counts => _counts;

    /// <param name="work">What failed, in a word.</param>
    /// <param name="error">How.</param>
    public void Count(string work, Exception error)
    {
        // One line and the counts: a round a second for hours is no news after the first.
        if (_counts.AddOrUpdate(work, 1, static (_, count) => count + 1) == 1)
        {
            LogFailed(work, error);
        }
        else
        {
            LogFailedAgain(work, error.GetType().Name);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Unexpected failure of {Work}; it goes on with the next round")]
    private partial void LogFailed(string work, Exception error);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Work} failed again: {Error}")]
    private partial void LogFailedAgain(string work, string error);
}
