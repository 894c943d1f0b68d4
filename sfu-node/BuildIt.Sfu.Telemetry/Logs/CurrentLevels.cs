using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace BuildIt.Sfu.Telemetry.Logs;

/// <summary>What is logged now. Any thread; a change holds for every logger at once.</summary>
internal sealed class CurrentLevels(LogLevels levels) : IConfigureOptions<LoggerFilterOptions>, IOptionsChangeTokenSource<LoggerFilterOptions>
{
    private volatile LogLevels _levels = levels;
    private volatile CancellationTokenSource _changed = new();

    public LogLevels Levels => _levels;

    string IOptionsChangeTokenSource<LoggerFilterOptions>.Name => Options.DefaultName;

    public void Set(LogLevels to)
    {
        _levels = to;
        using var before = Interlocked.Exchange(ref _changed, new CancellationTokenSource());
        before.Cancel();
    }

    public void Configure(LoggerFilterOptions options)
    {
        var now = _levels;
        options.MinLevel = now.Level;
        foreach (var (category, level) in now.Categories)
        {
            options.Rules.Add(new LoggerFilterRule(null, category, level, null));
        }

        // That the level changes is always said, also by who logs little from then on.
        options.Rules.Add(new LoggerFilterRule(null, typeof(LevelFile).FullName, LogLevel.Information, null));
    }

    IChangeToken IOptionsChangeTokenSource<LoggerFilterOptions>.GetChangeToken() => new CancellationChangeToken(_changed.Token);
}
