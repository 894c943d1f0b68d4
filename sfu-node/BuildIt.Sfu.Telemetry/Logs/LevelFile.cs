using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildIt.Sfu.Telemetry.Logs;

/// <summary>
/// Reads a file every second and has what it says logged from then on, so that nobody has to restart a process that has calls.
/// Kubernetes writes it from an annotation of the pod. Where it is away, empty or not understood, what the process was started with
/// holds.
/// </summary>
internal sealed partial class LevelFile(LogSettings settings, CurrentLevels current, TimeProvider time, ILogger<LevelFile> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private string _seen = string.Empty;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (settings.LevelFile is not { } file)
        {
            return;
        }

        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            Take(Read(file));
        }
        while (await TickAsync(timer, stoppingToken).ConfigureAwait(false));
    }

    private static async Task<bool> TickAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static string Read(string file)
    {
        try
        {
            // Whoever writes a book there is told so, and only its beginning is read.
            using var reader = new StreamReader(file);
            var text = new char[LogLevels.MaxLength + 1];
            return new string(text, 0, reader.ReadBlock(text)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }

    private void Take(string text)
    {
        if (text == _seen)
        {
            return;
        }

        _seen = text;
        var levels = settings.Levels;
        if (text.Length > 0 && !LogLevels.TryParse(text, out levels, out var problem))
        {
            levels = settings.Levels;
            LogNotUnderstood(problem, levels);
        }

        if (!levels.Equals(current.Levels))
        {
            current.Set(levels);
            LogChanged(levels);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "From now on this is logged: {Levels}")]
    private partial void LogChanged(LogLevels levels);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What the pod's annotation says of logs is not understood: {Problem}. This is logged: {Levels}")]
    private partial void LogNotUnderstood(string problem, LogLevels levels);
}
