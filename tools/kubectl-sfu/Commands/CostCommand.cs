using System.CommandLine;
using System.Globalization;
using BuildIt.KubectlSfu.Output;
using BuildIt.KubectlSfu.Views;
using BuildIt.Operator.Api;

namespace BuildIt.KubectlSfu.Commands;

/// <summary>What was used and what it costs.</summary>
internal static class CostCommand
{
    public static Command Create(GlobalOptions options)
    {
        var by = new Option<string>("--by") { Description = "fleet, room, creator or label=KEY", DefaultValueFactory = _ => "fleet" };
        var since = new Option<string>("--since") { Description = "How far back, such as 7d, 12h or 30m", DefaultValueFactory = _ => "7d" };
        since.Validators.Add(result =>
        {
            if (CostView.Span(result.GetValue(since) ?? string.Empty) is null)
            {
                result.AddError("--since takes a time such as 7d, 12h or 30m");
            }
        });
        var command = new Command("cost", "Show pod time, participant time and traffic, and what they cost by spec.cost of fleets and links") { by, since };
        options.Run(command, async (parsed, session, cancellation) =>
        {
            var fleets = await session.Api.ListAsync<SfuCluster>(session.Listed, cancellation).ConfigureAwait(false);
            var rooms = await session.Api.ListAsync<ConferenceRoom>(session.Listed, cancellation).ConfigureAwait(false);
            var links = await session.Api.ListAsync<RegionLink>(session.Listed, cancellation).ConfigureAwait(false);
            var view = CostView.Of(fleets, links, rooms, parsed.GetValue(by)!, session.Now - CostView.Span(parsed.GetValue(since)!)!.Value, session.Now);
            session.Terminal.Print(view, output => Write(output, view, parsed.GetValue(by)!));
            return 0;
        });
        return command;
    }

    private static void Write(TextWriter output, CostView view, string by)
    {
        var table = new TextTable(by.ToUpperInvariant(), "ROOMS", "POD HOURS", "PEOPLE MINUTES", "IN", "OUT", "LINKS", "COST");
        foreach (var row in view.Rows.Concat(view.Totals))
        {
            table.Add(
                row.Key, row.Rooms is { } rooms ? Words.Number(rooms) : "-", row.PodHours is { } hours ? Number(hours, "0.##") : "-", Number(row.ParticipantMinutes, "0.#"),
                Gigabytes(row.IngressBytes), Gigabytes(row.EgressBytes), Gigabytes(row.RelayBytes), row.Cost is { } cost ? $"{Number(cost, "0.00##")} {row.Currency}" : "-");
        }

        table.Write(output);
        output.WriteLine($"Since {Words.Time(view.Since)}, of rooms that are still kept; pod time by whole days. Rooms cost their traffic to people and over links, fleets their pods as well.");
        if (view.Rows.Any(row => row.Cost is null))
        {
            output.WriteLine("Without a price: spec.cost of the fleet says none, or fleets of a room say it in different currencies.");
        }
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Gigabytes(long bytes) => $"{Number(bytes / 1e9, "0.###")} GB";
}
