using System.Text.Json;
using System.Text.Json.Serialization;

namespace BuildIt.RoomApi.Moderation;

/// <summary>What is known of a decision's effect on somebody who may be connected.</summary>
[JsonConverter(typeof(EffectJsonConverter))]
public enum Effect
{
    /// <summary>A node carried it out.</summary>
    Done,

    /// <summary>They are connected to no node: there was nothing to carry out.</summary>
    None,

    /// <summary>A node did not answer, or not in time: it may have carried it out, or may yet.</summary>
    Unknown,
}

/// <summary>In JSON: <c>done</c>, <c>none</c>, <c>unknown</c>.</summary>
public sealed class EffectJsonConverter() : JsonStringEnumConverter<Effect>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);
