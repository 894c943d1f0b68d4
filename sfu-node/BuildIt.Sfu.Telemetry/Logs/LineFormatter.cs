using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using BuildIt.Sfu.Telemetry.Traces;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace BuildIt.Sfu.Telemetry.Logs;

/// <summary>Writes an event as one line, in the one vocabulary of all processes (docs/logs.md). Any thread.</summary>
internal sealed class LineFormatter(LogFormat format, TimeProvider time) : ConsoleFormatter(Name)
{
    /// <summary>By which the console finds it.</summary>
    public new const string Name = "buildit";

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        ArgumentNullException.ThrowIfNull(textWriter);
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        var trace = OwnSpans.Current;
        if (format is LogFormat.Json)
        {
            WriteJson(logEntry, message, trace, textWriter);
        }
        else
        {
            WriteText(logEntry, message, trace, textWriter);
        }
    }

    private void WriteJson<TState>(in LogEntry<TState> entry, string message, Activity? trace, TextWriter to)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("Timestamp", time.GetUtcNow().UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));
            json.WriteNumber("EventId", entry.EventId.Id);
            json.WriteString("LogLevel", entry.LogLevel.ToString());
            json.WriteString("Category", entry.Category);
            json.WriteString("Message", message);
            if (trace is not null)
            {
                json.WriteString("TraceId", trace.TraceId.ToHexString());
                json.WriteString("SpanId", trace.SpanId.ToHexString());
            }

            if (entry.Exception is { } exception)
            {
                json.WriteString("Exception", exception.ToString());
            }

            if (entry.State is IReadOnlyCollection<KeyValuePair<string, object?>> fields)
            {
                json.WriteStartObject("State");
                foreach (var (name, value) in fields)
                {
                    // The words around the fields: the same for every event of this kind.
                    if (name != "{OriginalFormat}")
                    {
                        WriteField(json, name, value);
                    }
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        to.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    private static void WriteField(Utf8JsonWriter json, string name, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNull(name);
                break;
            case bool flag:
                json.WriteBoolean(name, flag);
                break;
            case sbyte or byte or short or ushort or int or uint or long:
                json.WriteNumber(name, Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case ulong number:
                json.WriteNumber(name, number);
                break;
            default:
                json.WriteString(name, Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }

    private void WriteText<TState>(in LogEntry<TState> entry, string message, Activity? trace, TextWriter to)
    {
        to.Write(time.GetUtcNow().UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));
        to.Write(entry.LogLevel switch
        {
            LogLevel.Trace => " trce: ",
            LogLevel.Debug => " dbug: ",
            LogLevel.Information => " info: ",
            LogLevel.Warning => " warn: ",
            LogLevel.Error => " fail: ",
            _ => " crit: ",
        });
        to.Write(entry.Category);
        to.Write(string.Create(CultureInfo.InvariantCulture, $"[{entry.EventId.Id}] "));
        to.Write(OneLine(message));
        if (trace is not null)
        {
            to.Write($" TraceId={trace.TraceId.ToHexString()}");
        }

        if (entry.Exception is { } exception)
        {
            to.Write(' ');
            to.Write(OneLine(exception.ToString()));
        }

        to.WriteLine();
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
