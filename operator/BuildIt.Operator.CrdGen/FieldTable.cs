using System.Globalization;
using System.Text;
using BuildIt.Operator.Api.Schema;

namespace BuildIt.Operator.CrdGen;

/// <summary>A table of every field of a kind's spec, in Markdown, for people.</summary>
public static class FieldTable
{
    /// <summary>The table: one row per field, in the order of the schema, nested ones by their whole path.</summary>
    public static string Of(Type resource)
    {
        var text = new StringBuilder("| Field | Default | Meaning |\n|---|---|---|\n");
        AddRows(text, SchemaBuilder.For(resource).Property("spec")!, string.Empty);
        return text.ToString();
    }

    private static void AddRows(StringBuilder text, SchemaNode parent, string prefix)
    {
        foreach (var (name, node) in parent.Properties)
        {
            var path = prefix + name;
            var child = Child(node);
            var standing = child is null ? DefaultOf(node, parent.Required.Contains(name)) : parent.Required.Contains(name) ? "required" : string.Empty;
            text.Append(CultureInfo.InvariantCulture, $"| `{path}` | {standing} | {Meaning(node)} |\n");
            if (child is not null)
            {
                AddRows(text, child, node.Items is null ? path + "." : path + "[].");
            }
        }
    }

    /// <summary>What has fields of our own; those of Kubernetes' types are described by Kubernetes.</summary>
    private static SchemaNode? Child(SchemaNode node)
    {
        var child = node.Items ?? node;
        return child.Properties.Count > 0 && child.Properties.All(each => each.Value.Description is not null) ? child : null;
    }

    private static string DefaultOf(SchemaNode node, bool required) =>
        required ? "required" : node.Default is { } value ? $"`{value.ToJsonString().Trim('"')}`" : string.Empty;

    private static string Meaning(SchemaNode node)
    {
        var meaning = node.Description!.Replace("|", "\\|", StringComparison.Ordinal);
        var bounds = (node.Minimum, node.Maximum) switch
        {
            ({ } low, { } high) => $" {Number(low)} to {Number(high)}.",
            ({ } low, null) => $" At least {Number(low)}.",
            (null, { } high) => $" At most {Number(high)}.",
            _ => string.Empty,
        };
        return meaning + bounds;
    }

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
}
