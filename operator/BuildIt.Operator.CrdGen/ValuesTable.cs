using System.Globalization;
using System.Text;

namespace BuildIt.Operator.CrdGen;

/// <summary>
/// A table of a chart's values, in Markdown, from values.yaml itself: each value with its default and the comment above it. Only what that
/// file uses is understood: maps, scalars, and lists of scalars.
/// </summary>
public static class ValuesTable
{
    /// <summary>The table: one row for each value, and for each map that has a comment of its own.</summary>
    public static string Of(string values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var text = new StringBuilder("| Value | Default | Meaning |\n|---|---|---|\n");
        var lines = values.Split('\n');
        var path = new List<(int Indent, string Name)>();
        var comment = new List<string>();
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i];
            var content = line.TrimStart();
            var indent = line.Length - content.Length;
            if (content.Length == 0)
            {
                comment.Clear();
            }
            else if (content[0] == '#')
            {
                comment.Add(content[1..].Trim());
            }
            else if (content[0] != '-' && content.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
            {
                path.RemoveAll(each => each.Indent >= indent);
                path.Add((indent, content[..colon].Trim('"')));
                var value = content[(colon + 1)..].Trim();
                var isMap = value.Length == 0 && !IsList(lines, i);
                if (!isMap || comment.Count > 0)
                {
                    text.Append(CultureInfo.InvariantCulture, $"| `{PathOf(path)}` | {(isMap ? string.Empty : $"`{(value.Length > 0 ? value : ListAt(lines, i))}`")} | {Meaning(comment)} |\n");
                }

                comment.Clear();
            }
        }

        return text.ToString();
    }

    private static string PathOf(List<(int Indent, string Name)> path) =>
        string.Join('.', path.Select(each => each.Name.Contains('.', StringComparison.Ordinal) ? $"\"{each.Name}\"" : each.Name));

    private static string Meaning(List<string> comment) => string.Join(' ', comment).Replace("|", "\\|", StringComparison.Ordinal);

    private static bool IsList(string[] lines, int at) => at + 1 < lines.Length && lines[at + 1].TrimStart().StartsWith('-');

    // Long lists are shown by how they begin; the file has them whole.
    private static string ListAt(string[] lines, int at)
    {
        var items = lines.Skip(at + 1).TakeWhile(line => line.TrimStart().StartsWith('-')).Select(line => line.TrimStart()[1..].Trim()).ToList();
        return $"[{string.Join(", ", items.Take(3))}{(items.Count > 3 ? ", ..." : string.Empty)}]";
    }
}
