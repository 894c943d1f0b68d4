using System.Collections.Concurrent;
using BuildIt.Sfu.Telemetry.Logs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace BuildIt.Sfu.Telemetry.Tests.Logs;

public sealed class LevelFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("buildit-levels-");
    private readonly FakeTimeProvider _time = new();

    private string Path => System.IO.Path.Combine(_folder.FullName, "log-level");

    [Fact]
    public async Task A_level_changes_while_the_process_runs_and_back()
    {
        using var host = Start(out var lines);
        var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("BuildIt.Somewhere");
        Assert.False(logger.IsEnabled(LogLevel.Debug));

        await File.WriteAllTextAsync(Path, "Debug\n");
        await UntilAsync(() => Says(lines, "logged: Debug"));
        Assert.True(logger.IsEnabled(LogLevel.Debug));

        await File.WriteAllTextAsync(Path, "Error,BuildIt.Somewhere.Else=Trace");
        await UntilAsync(() => Says(lines, "logged: Error,BuildIt.Somewhere.Else=Trace"));
        Assert.False(logger.IsEnabled(LogLevel.Warning));
        Assert.True(host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("BuildIt.Somewhere.Else").IsEnabled(LogLevel.Trace));

        File.Delete(Path);
        await UntilAsync(() => logger.IsEnabled(LogLevel.Information));
        Assert.False(logger.IsEnabled(LogLevel.Debug));
    }

    [Fact]
    public async Task What_is_not_understood_changes_nothing_and_is_said_once()
    {
        await File.WriteAllTextAsync(Path, "loud");
        using var host = Start(out var lines);
        await UntilAsync(() => Says(lines, "not understood"));
        _time.Advance(TimeSpan.FromSeconds(5));
        await File.WriteAllTextAsync(Path, "Debug");
        await UntilAsync(() => host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("BuildIt").IsEnabled(LogLevel.Debug));
        Assert.Single(lines, line => line.Contains("not understood", StringComparison.Ordinal));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static bool Says(ConcurrentQueue<string> lines, string what) => lines.Any(line => line.Contains(what, StringComparison.Ordinal));

    private IHost Start(out ConcurrentQueue<string> lines)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton<TimeProvider>(_time);
        var book = new Book();
        lines = book.Lines;
        builder.Logging.AddProcessLogging(new LogSettings { LevelFile = Path }).ClearProviders().AddProvider(book);
        var host = builder.Build();
        host.Start();
        return host;
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        var patience = DateTime.UtcNow.AddSeconds(30);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < patience, "nothing changed");
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(5);
        }
    }

    private sealed class Book : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
