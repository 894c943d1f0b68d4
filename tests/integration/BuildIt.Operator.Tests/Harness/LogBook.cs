using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace BuildIt.Operator.Tests.Harness;

/// <summary>Keeps what the operator logs, for the message of a test that fails.</summary>
internal sealed class LogBook : ILoggerProvider
{
    private const int Limit = 200;

    private readonly ConcurrentQueue<string> _lines = new();

    /// <summary>The last lines.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName.Split('.')[^1]);

    public void Dispose()
    {
    }

    private void Add(string line)
    {
        _lines.Enqueue(line);
        while (_lines.Count > Limit)
        {
            _lines.TryDequeue(out _);
        }
    }

    private sealed class Logger(LogBook book, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            book.Add(string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {logLevel} {category} {formatter(state, exception)}{(exception is null ? string.Empty : "\n" + exception)}"));
    }
}
