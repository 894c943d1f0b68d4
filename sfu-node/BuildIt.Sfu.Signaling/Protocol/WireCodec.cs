using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;

namespace BuildIt.Sfu.Signaling.Protocol;

/// <summary>
/// Protobuf messages as JSON and as bytes, where the bytes are not trusted: a parse gives a message or nothing, never an exception.
/// JSON is read with camelCase and snake_case names; unknown names are ignored, because clients are newer than servers.
/// </summary>
public static class WireCodec
{
    /// <summary>Deepest nesting taken; the protocol's own messages stay under ten.</summary>
    private const int MaxDepth = 32;

    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true).WithRecursionLimit(MaxDepth));

    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default);

    public static string Format(IMessage message) => Formatter.Format(message);

    public static bool TryParseJson<T>(string json, [NotNullWhen(true)] out T? message)
        where T : class, IMessage<T>, new()
    {
        try
        {
            message = Parser.Parse<T>(JsonBytes.Normalise(json, new T().Descriptor, MaxDepth));
            return true;
        }
        catch (Exception error) when (IsBadInput(error))
        {
            message = null;
            return false;
        }
    }

    public static bool TryParse<T>(ReadOnlySpan<byte> bytes, MessageParser<T> parser, [NotNullWhen(true)] out T? message)
        where T : class, IMessage<T>
    {
        try
        {
            message = parser.ParseFrom(bytes);
            return true;
        }
        catch (Exception error) when (IsBadInput(error))
        {
            message = null;
            return false;
        }
    }

    /// <summary>The library reports wrong text by several exceptions, not only its own.</summary>
    private static bool IsBadInput(Exception error) =>
        error is InvalidProtocolBufferException or InvalidJsonException or System.Text.Json.JsonException or FormatException or OverflowException
            or ArgumentException or InvalidOperationException or NotSupportedException;
}
