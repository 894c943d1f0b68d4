using System.Text.Json;
using System.Text.Json.Serialization;

namespace BuildIt.Sfu.Contracts;

/// <summary>The identifier of a room: the name of its ConferenceRoom object, which is also the room name in join tokens.</summary>
[JsonConverter(typeof(RoomIdJsonConverter))]
public readonly record struct RoomId(string Value) : IComparable<RoomId>
{
    /// <summary>The longest identifier accepted from outside: the limit of a Kubernetes object name.</summary>
    public const int MaxLength = 253;

    public bool IsEmpty => string.IsNullOrEmpty(Value);

    public int CompareTo(RoomId other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value ?? string.Empty;
}

/// <summary>Writes a <see cref="RoomId"/> as a plain string and refuses one that is too long.</summary>
public sealed class RoomIdJsonConverter : JsonConverter<RoomId>
{
    public override RoomId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(IdText.Read(ref reader, RoomId.MaxLength));

    public override void Write(Utf8JsonWriter writer, RoomId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
