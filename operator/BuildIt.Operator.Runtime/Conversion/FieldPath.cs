using System.Text.Json;
using System.Text.Json.Nodes;

namespace BuildIt.Operator.Runtime.Conversion;

/// <summary>Where a field is: <c>spec.sound.level</c>, or in every item of a list, <c>status.instances[].load</c>. Any thread.</summary>
internal sealed class FieldPath
{
    private const string ListMark = "[]";

    private readonly string _text;
    private readonly string[] _parents;

    /// <exception cref="ArgumentException">A name is empty, the field is a list's item, or it is one of those that every object has.</exception>
    public FieldPath(string text)
    {
        var names = text.Split('.');
        if (names.Any(name => name is "" or ListMark) || text.EndsWith(ListMark, StringComparison.Ordinal))
        {
            throw new ArgumentException($"'{text}' is no path of a field", nameof(text));
        }

        // An API server takes nothing of a conversion's metadata but labels and annotations, and those are people's.
        if (names[0] is "apiVersion" or "kind" or "metadata")
        {
            throw new ArgumentException($"'{text}' is not a version's to change", nameof(text));
        }

        (_text, _parents, Name) = (text, names[..^1], names[^1]);
    }

    /// <summary>The field's own name.</summary>
    public string Name { get; }

    /// <summary>Whether there may be several in one object.</summary>
    public bool IsInList => _text.Contains(ListMark, StringComparison.Ordinal);

    /// <summary>The same place under another name.</summary>
    public bool IsBeside(FieldPath other) => _parents.AsSpan().SequenceEqual(other._parents);

    /// <summary>The parts of an object that may have the field; none where what is around it was left out.</summary>
    /// <exception cref="ConversionException">What is around it is something else than an object, or a list.</exception>
    public IReadOnlyList<JsonObject> HoldersIn(JsonObject item)
    {
        List<JsonObject> holders = [item];
        foreach (var parent in _parents)
        {
            holders = [.. holders.SelectMany(holder => Inside(holder, parent))];
        }

        return holders;
    }

    public override string ToString() => _text;

    private IEnumerable<JsonObject> Inside(JsonObject holder, string parent)
    {
        var isList = parent.EndsWith(ListMark, StringComparison.Ordinal);
        var name = isList ? parent[..^ListMark.Length] : parent;
        switch (holder[name], isList)
        {
            case (null, _):
                return [];
            case (JsonObject inner, false):
                return [inner];
            case (JsonArray items, true) when items.All(each => each is JsonObject):
                return items.Select(each => each!.AsObject());
            case var (other, _):
                throw new ConversionException($"{name}, on the way to {_text}, is {Words(other)} and not {(isList ? "a list of objects" : "an object")}");
        }
    }

    private static string Words(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        _ => "true or false",
    };
}
