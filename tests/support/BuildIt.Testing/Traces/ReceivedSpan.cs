using System.Text;

namespace BuildIt.Testing.Traces;

/// <summary>A span as a collector gets it. Ids are lower-case hexadecimal; those that are absent are empty.</summary>
/// <param name="Service">The name of the process, service.name.</param>
/// <param name="Instance">Which of them, service.instance.id.</param>
/// <param name="Name">The span's name.</param>
/// <param name="TraceId">The trace.</param>
/// <param name="SpanId">The span.</param>
/// <param name="ParentId">The span around it.</param>
/// <param name="Attributes">By name.</param>
/// <param name="Events">Names, in order.</param>
/// <param name="Links">Traces and spans it has to do with, as traceId-spanId.</param>
/// <param name="Duration">From its start to its end.</param>
/// <param name="IsError">It failed.</param>
public sealed record ReceivedSpan(
    string Service, string Instance, string Name, string TraceId, string SpanId, string ParentId, IReadOnlyDictionary<string, string> Attributes, IReadOnlyList<string> Events,
    IReadOnlyList<string> Links, TimeSpan Duration, bool IsError)
{
    /// <summary>Reads an ExportTraceServiceRequest of OTLP 1 (opentelemetry-proto, trace/v1/trace.proto).</summary>
    public static IReadOnlyList<ReceivedSpan> ReadAll(byte[] request)
    {
        var spans = new List<ReceivedSpan>();
        foreach (var resourceSpans in ProtoFields.Read(request).Messages(1))
        {
            var fields = ProtoFields.Read(resourceSpans);
            var resource = fields.Messages(1).Select(resource => AttributesOf(ProtoFields.Read(resource), 1)).FirstOrDefault() ?? [];
            spans.AddRange(
                from scope in fields.Messages(2)
                from span in ProtoFields.Read(scope).Messages(2)
                select Of(resource, ProtoFields.Read(span)));
        }

        return spans;
    }

    private static ReceivedSpan Of(Dictionary<string, string> resource, ProtoFields span) => new(
        resource.GetValueOrDefault("service.name", string.Empty),
        resource.GetValueOrDefault("service.instance.id", string.Empty),
        span.Text(5),
        span.Hex(1),
        span.Hex(2),
        span.Hex(4),
        AttributesOf(span, 9),
        [.. span.Messages(11).Select(each => ProtoFields.Read(each).Text(2))],
        [.. span.Messages(13).Select(ProtoFields.Read).Select(link => $"{link.Hex(1)}-{link.Hex(2)}")],
        TimeSpan.FromMicroseconds((span.Number(8) - span.Number(7)) / 1000.0),
        span.Messages(15).Any(status => ProtoFields.Read(status).Number(3) == 2));

    private static Dictionary<string, string> AttributesOf(ProtoFields holder, int field) => holder.Messages(field).Select(ProtoFields.Read)
        .ToDictionary(pair => pair.Text(1), pair => ProtoFields.Read(pair.Messages(2).FirstOrDefault() ?? []).Scalar());

    /// <summary>The fields of a message (protobuf, "Encoding").</summary>
    private sealed class ProtoFields
    {
        private readonly List<(int Field, byte[]? Bytes, ulong Number)> _fields = [];

        public static ProtoFields Read(byte[] message)
        {
            var fields = new ProtoFields();
            for (var at = 0; at < message.Length;)
            {
                var tag = Varint(message, ref at);
                var field = (int)(tag >> 3);
                switch (tag & 7)
                {
                    case 0:
                        fields._fields.Add((field, null, Varint(message, ref at)));
                        break;
                    case 1:
                        fields._fields.Add((field, null, BitConverter.ToUInt64(message, at)));
                        at += 8;
                        break;
                    case 2:
                        var length = (int)Varint(message, ref at);
                        fields._fields.Add((field, message[at..(at + length)], 0));
                        at += length;
                        break;
                    case 5:
                        fields._fields.Add((field, null, BitConverter.ToUInt32(message, at)));
                        at += 4;
                        break;
                    default:
                        throw new InvalidDataException($"a field of an unknown kind, {tag & 7}");
                }
            }

            return fields;
        }

        public IEnumerable<byte[]> Messages(int field) => _fields.Where(each => each.Field == field && each.Bytes is not null).Select(each => each.Bytes!);

        public string Text(int field) => Encoding.UTF8.GetString(Messages(field).FirstOrDefault() ?? []);

        public string Hex(int field) => Convert.ToHexStringLower(Messages(field).FirstOrDefault() ?? []);

        public ulong Number(int field) => _fields.Where(each => each.Field == field).Select(each => each.Number).FirstOrDefault();

        /// <summary>An AnyValue that is text, a truth or a whole number.</summary>
        public string Scalar() => _fields is [(1, { } text, _)] ? Encoding.UTF8.GetString(text)
            : _fields is [(2, null, var flag)] ? flag != 0 ? "true" : "false"
            : _fields is [(3, null, var number)] ? number.ToString(System.Globalization.CultureInfo.InvariantCulture)
            : string.Empty;

        private static ulong Varint(byte[] message, ref int at)
        {
            ulong value = 0;
            for (var shift = 0; ; shift += 7)
            {
                var part = message[at++];
                value |= (ulong)(part & 0x7f) << shift;
                if (part < 0x80)
                {
                    return value;
                }
            }
        }
    }
}
