using System.Text.Json;
using System.Text.Json.Serialization;

namespace BuildIt.Operator.Planning.Replay;

/// <summary>How observations and decisions are written, so that whoever reads them can plan again and comes to the same.</summary>
public static class PlanningJson
{
    /// <summary>Read-only options. Names in camel case, words for enumerations; what can be worked out is left away.</summary>
    public static JsonSerializerOptions Options { get; } = Make();

    private static JsonSerializerOptions Make()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            IgnoreReadOnlyProperties = true,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Converters = { new JsonStringEnumConverter() },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
