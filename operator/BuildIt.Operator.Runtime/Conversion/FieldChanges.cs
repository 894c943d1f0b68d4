using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace BuildIt.Operator.Runtime.Conversion;

/// <summary>
/// One difference between two neighbouring versions of a kind. Pure, and used by several threads at once. There and back again an object has to
/// be what it was.
/// </summary>
public interface IFieldChange
{
    /// <summary>Makes an object of the older version one of the newer, in place.</summary>
    /// <exception cref="ConversionException">It cannot be.</exception>
    void Upgrade(JsonObject item, KeptFields kept);

    /// <summary>Makes an object of the newer version one of the older, in place, and keeps what that cannot say.</summary>
    /// <exception cref="ConversionException">It cannot be.</exception>
    void Downgrade(JsonObject item, KeptFields kept);
}

/// <summary>
/// The newer version has a field that the older one does not know. An API server fills in the defaults of the version that an object is written in
/// or stored in, and none after a conversion; so the default is given here, where what is around the field is there.
/// </summary>
public sealed class FieldAdded : IFieldChange
{
    private readonly FieldPath _path;
    private readonly JsonElement _default;

    /// <param name="path">Where, such as <c>spec.sound.level</c>. Not in a list, whose items have no names by which to find them again.</param>
    /// <param name="defaultJson">What objects of the older version mean by not saying it. The same as in the definition.</param>
    /// <exception cref="ArgumentException">The path is none, or one in a list.</exception>
    /// <exception cref="JsonException">The default is no JSON.</exception>
    public FieldAdded(string path, [StringSyntax(StringSyntaxAttribute.Json)] string defaultJson)
    {
        _path = new FieldPath(path);
        if (_path.IsInList)
        {
            throw new ArgumentException($"'{path}' is in a list: add the field to the older version too", nameof(path));
        }

        using var document = JsonDocument.Parse(defaultJson);
        _default = document.RootElement.Clone();
    }

    public void Upgrade(JsonObject item, KeptFields kept)
    {
        foreach (var holder in _path.HoldersIn(item))
        {
            if (!kept.TryTake(_path.ToString(), out var isAbsent, out var value))
            {
                holder.TryAdd(_path.Name, _default.Deserialize<JsonNode>());
            }
            else if (!isAbsent)
            {
                holder[_path.Name] = value;
            }
        }
    }

    public void Downgrade(JsonObject item, KeptFields kept)
    {
        foreach (var holder in _path.HoldersIn(item))
        {
            if (!holder.Remove(_path.Name, out var value))
            {
                kept.KeepAbsent(_path.ToString());
            }
            else if (!JsonNode.DeepEquals(value, _default.Deserialize<JsonNode>()))
            {
                kept.Keep(_path.ToString(), value);
            }
        }
    }
}

/// <summary>
/// A field has another name in the newer version. Should an object have something under that name already, which its version does not know, the
/// two change places: nothing is lost, and what a definition does not know the API server drops by itself.
/// </summary>
public sealed class FieldRenamed : IFieldChange
{
    private readonly FieldPath _older;
    private readonly FieldPath _newer;

    /// <param name="older">Its path in the older version; <c>spec.rules[].name</c> is one in every item of a list.</param>
    /// <param name="newer">Its path in the newer version, beside the older one.</param>
    /// <exception cref="ArgumentException">One of them is no path, or they are not beside each other.</exception>
    public FieldRenamed(string older, string newer)
    {
        (_older, _newer) = (new FieldPath(older), new FieldPath(newer));
        if (!_older.IsBeside(_newer) || _older.Name == _newer.Name)
        {
            throw new ArgumentException($"'{older}' and '{newer}' are not two names of one field", nameof(newer));
        }
    }

    public void Upgrade(JsonObject item, KeptFields kept) => Exchange(item);

    public void Downgrade(JsonObject item, KeptFields kept) => Exchange(item);

    private void Exchange(JsonObject item)
    {
        foreach (var holder in _older.HoldersIn(item))
        {
            var (hasOlder, hasNewer) = (holder.Remove(_older.Name, out var older), holder.Remove(_newer.Name, out var newer));
            if (hasOlder)
            {
                holder[_newer.Name] = older;
            }

            if (hasNewer)
            {
                holder[_older.Name] = newer;
            }
        }
    }
}
