using System.Globalization;
using System.Text;

namespace BuildIt.Sfu.Media.Tests.Network;

/// <summary>Draws a scenario's curves as a small SVG: capacity, estimates and received rates above, queue delay below.</summary>
public static class CurvePlot
{
    private const int Width = 720;
    private const int TopHeight = 220;
    private const int BottomHeight = 70;
    private const int Left = 46;
    private const int Gap = 30;
    private static readonly string[] Colours = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#8c564b", "#e377c2"];

    /// <summary>Writes the picture into the folder for build products and returns its path.</summary>
    public static string Write(Scenario scenario, string name, string title)
    {
        string folder = Path.Combine(RepositoryRoot(), "artifacts", "congestion");
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, name + ".svg");
        File.WriteAllText(path, Draw(scenario, title));
        return path;
    }

    private static string Draw(Scenario scenario, string title)
    {
        List<Scenario.Sample> samples = scenario.Samples;
        double seconds = samples[^1].Seconds;
        double top = Math.Ceiling(Math.Max(samples.Max(s => s.Capacity), samples.Max(s => s.Received.Max())) / 500) * 500;
        double worst = Math.Max(100, Math.Ceiling(samples.Max(s => s.QueueMilliseconds) / 100) * 100);
        var svg = new StringBuilder();
        int height = 24 + TopHeight + Gap + BottomHeight + 24;
        svg.AppendLine(Invariant($"<svg xmlns='http://www.w3.org/2000/svg' width='{Width}' height='{height}' font-family='sans-serif' font-size='11'>"));
        svg.AppendLine("<rect width='100%' height='100%' fill='white'/>");
        svg.AppendLine(Invariant($"<text x='{Left}' y='14' font-size='13'>{title}</text>"));
        Axes(svg, 24, TopHeight, top, "kbps", seconds);
        Curve(svg, samples, s => s.Capacity, 24, TopHeight, top, seconds, "#000", "stroke-dasharray='4 3'");
        for (int flow = 0; flow < samples[0].Received.Length; flow++)
        {
            int index = flow;
            string colour = Colours[flow % Colours.Length];
            Curve(svg, samples, s => s.Received[index], 24, TopHeight, top, seconds, colour, "");
            if (flow < samples[0].Estimates.Length)
            {
                Curve(svg, samples, s => Math.Min(top, s.Estimates[index]), 24, TopHeight, top, seconds, colour, "stroke-opacity='0.35'");
            }

            string label = flow < scenario.Flows.Count ? scenario.Flows[flow].Name : "TCP";
            svg.AppendLine(Invariant($"<text x='{Width - 90}' y='{38 + 13 * flow}' fill='{colour}'>{label}</text>"));
        }

        int bottom = 24 + TopHeight + Gap;
        Axes(svg, bottom, BottomHeight, worst, "queue ms", seconds);
        Curve(svg, samples, s => s.QueueMilliseconds, bottom, BottomHeight, worst, seconds, "#ff7f0e", "");
        svg.AppendLine("</svg>");
        return svg.ToString();
    }

    private static void Axes(StringBuilder svg, int y, int height, double top, string unit, double seconds)
    {
        svg.AppendLine(Invariant($"<path d='M{Left} {y}V{y + height}H{Width - 8}' fill='none' stroke='#888'/>"));
        svg.AppendLine(Invariant($"<text x='4' y='{y + 9}'>{top:0}</text><text x='4' y='{y + height}'>0</text><text x='4' y='{y + height / 2}'>{unit}</text>"));
        for (double mark = 0; mark <= seconds; mark += seconds > 60 ? 20 : 5)
        {
            double x = Left + mark / seconds * (Width - Left - 8);
            svg.AppendLine(Invariant($"<path d='M{x:0} {y + height}v4' stroke='#888'/><text x='{x - 6:0}' y='{y + height + 14}'>{mark:0}</text>"));
        }
    }

    private static void Curve(
        StringBuilder svg, List<Scenario.Sample> samples, Func<Scenario.Sample, double> value, int y, int height, double top, double seconds, string colour, string style)
    {
        // A sample for every other pixel is enough, and keeps the file small.
        int stride = Math.Max(1, samples.Count * 2 / (Width - Left));
        var points = new StringBuilder();
        for (int i = 0; i < samples.Count; i += stride)
        {
            double x = Left + samples[i].Seconds / seconds * (Width - Left - 8);
            double h = y + height - value(samples[i]) / top * height;
            points.Append(Invariant($"{x:0} {h:0} "));
        }

        svg.AppendLine(Invariant($"<polyline points='{points.ToString().TrimEnd()}' fill='none' stroke='{colour}' {style}/>"));
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string RepositoryRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "BuildIt.Operator.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("the repository's root was not found");
    }
}
