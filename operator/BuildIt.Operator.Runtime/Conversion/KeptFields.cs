using System.Text.Json;
using System.Text.Json.Nodes;

namespace BuildIt.Operator.Runtime.Conversion;

/// <summary>
/// What an object in an older version cannot say: it waits in an annotation until the object is wanted in the newer one. So it outlives a
/// client of the older version that reads, changes and writes. All annotations of an object together take 256 KiB at most.
/// </summary>
public sealed class KeptFields
{
    private const string Value = "value";

    private readonly JsonObject _fields;

    internal KeptFields()
        : this([])
    {
    }

    private KeptFields(JsonObject fields) => _fields = fields;

    /// <summary>Keeps the value of a field; a null node is a null.</summary>
    public void Keep(string path, JsonNode? value) => _fields[path] = new JsonObject { [Value] = value?.DeepClone() };

    /// <summary>Remembers that a field is not there, where leaving it out would get it its default.</summary>
    public void KeepAbsent(string path) => _fields[path] = new JsonObject();

    /// <summary>What was kept of a field, once.</summary>
    /// <param name="path">The same as it was kept under.</param>
    /// <param name="isAbsent">The field was not there.</param>
    /// <param name="value">Its value otherwise.</param>
    /// <returns>False when nothing was kept.</returns>
    public bool TryTake(string path, out bool isAbsent, out JsonNode? value)
    {
        (isAbsent, value) = (true, null);
        if (!_fields.TryGetPropertyValue(path, out var kept) || kept is not JsonObject field)
        {
            return false;
        }

        _fields.Remove(path);
        isAbsent = !field.Remove(Value, out value);
        return true;
    }

    /// <summary>Takes the annotation off an object. One that holds something else was written by somebody else, and counts for nothing.</summary>
    /// <exception cref="ConversionException">The object's metadata is none.</exception>
    internal static KeptFields TakeFrom(JsonObject item, string annotation)
    {
        var metadata = MetadataOf(item);
        if (AnnotationsOf(metadata) is not { } annotations || !annotations.Remove(annotation, out var text))
        {
            return new KeptFields();
        }

        if (annotations.Count == 0)
        {
            metadata.Remove("annotations");
        }

        return new KeptFields(Read(text) ?? []);
    }

    /// <summary>Writes the annotation, where there is something to keep.</summary>
    /// <exception cref="ConversionException">The object's metadata is none.</exception>
    internal void StoreIn(JsonObject item, string annotation)
    {
        if (_fields.Count == 0)
        {
            return;
        }

        var metadata = MetadataOf(item);
        if (AnnotationsOf(metadata) is not { } annotations)
        {
            metadata["annotations"] = annotations = [];
        }

        annotations[annotation] = _fields.ToJsonString();
    }

    private static JsonObject MetadataOf(JsonObject item) =>
        item["metadata"] as JsonObject ?? throw new ConversionException("it has no metadata");

    private static JsonObject? AnnotationsOf(JsonObject metadata) => metadata["annotations"] switch
    {
        null => null,
        JsonObject annotations => annotations,
        _ => throw new ConversionException("its annotations are no object"),
    };

    private static JsonObject? Read(JsonNode? text)
    {
        if (text is not JsonValue value || !value.TryGetValue<string>(out var json))
        {
            return null;
        }

        try
        {
            return JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
