using System.Text.Json.Nodes;

namespace BuildIt.Operator.Api.Schema;

/// <summary>A rule in the Common Expression Language and what to say when it does not hold.</summary>
public sealed record CelRule(string Rule, string Message);

/// <summary>
/// One node of a structural schema (apiextensions.k8s.io/v1), with what a validator needs beyond it to explain a fault.
/// </summary>
public sealed record SchemaNode
{
    /// <summary>object, array, string, integer, number or boolean; null where an integer or a string may stand, or anything.</summary>
    public string? Type { get; init; }

    public string? Description { get; init; }

    public string? Format { get; init; }

    /// <summary>The value that the server fills in, or null for none.</summary>
    public JsonNode? Default { get; init; }

    public IReadOnlyList<KeyValuePair<string, SchemaNode>> Properties { get; init; } = [];

    public IReadOnlyList<string> Required { get; init; } = [];

    public SchemaNode? Items { get; init; }

    public SchemaNode? AdditionalProperties { get; init; }

    public IReadOnlyList<string> Enum { get; init; } = [];

    /// <summary>The only value is true.</summary>
    public bool OnlyTrue { get; init; }

    public string? Pattern { get; init; }

    /// <summary>The pattern in words, as the end of "must be ...".</summary>
    public string? Expected { get; init; }

    public int? MinLength { get; init; }

    public int? MaxLength { get; init; }

    public int? MinItems { get; init; }

    public int? MaxItems { get; init; }

    public double? Minimum { get; init; }

    public double? Maximum { get; init; }

    public bool IntOrString { get; init; }

    public bool PreserveUnknownFields { get; init; }

    /// <summary>set or map; null for an atomic list.</summary>
    public string? ListType { get; init; }

    public IReadOnlyList<string> ListMapKeys { get; init; } = [];

    public IReadOnlyList<CelRule> Rules { get; init; } = [];

    /// <summary>A check of the text that the schema cannot express: what is wrong and what to write instead, or null.</summary>
    public Func<string, string?>? TextCheck { get; init; }

    /// <summary>
    /// The defaults of all members, theirs written out too. A server evaluates an object's rules on its default as it is
    /// written, before those of the members are filled in, and refuses the definition when a rule reads a member that is
    /// not there.
    /// </summary>
    public JsonObject WholeDefault() => new(
        from property in Properties
        where property.Value.Default is not null
        select KeyValuePair.Create(
            property.Key,
            property.Value is { Type: "object", Properties.Count: > 0 } ? property.Value.WholeDefault() : property.Value.Default!.DeepClone()));

    public SchemaNode? Property(string name)
    {
        foreach (var (key, node) in Properties)
        {
            if (key == name)
            {
                return node;
            }
        }

        return null;
    }
}
