namespace BuildIt.KubectlSfu.Output;

/// <summary>Columns for people, as wide as what is in them. Written without a frame, so that it can be cut and sorted.</summary>
internal sealed class TextTable(params string[] head)
{
    private readonly List<(string[] Cells, string? Colour)> _rows = [];

    public void Add(params string[] cells) => _rows.Add((cells, null));

    /// <summary>Adds a row that stands out.</summary>
    public void AddColoured(string? colour, params string[] cells) => _rows.Add((cells, colour));

    public void Write(TextWriter output, string indent = "")
    {
        var widths = head.Select((title, i) => Math.Max(title.Length, _rows.Select(row => i < row.Cells.Length ? row.Cells[i].Length : 0).DefaultIfEmpty().Max())).ToArray();
        Write(output, indent, head, widths, null);
        foreach (var (cells, colour) in _rows)
        {
            Write(output, indent, cells, widths, colour);
        }
    }

    private static void Write(TextWriter output, string indent, string[] cells, int[] widths, string? colour)
    {
        var line = string.Concat(cells.Select((cell, i) => i == cells.Length - 1 ? cell : cell.PadRight(widths[i] + 2))).TrimEnd();
        output.WriteLine(colour is null ? indent + line : $"{indent}{colour}{line}{Ansi.Plain}");
    }
}

/// <summary>The few control sequences that are used (ECMA-48).</summary>
internal static class Ansi
{
    public const string Plain = "\u001b[0m";
    public const string Yellow = "\u001b[33m";
    public const string Red = "\u001b[31m";

    /// <summary>To the top left, and everything away.</summary>
    public const string Clear = "\u001b[H\u001b[2J\u001b[3J";
}
