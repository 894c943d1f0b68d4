using System.CommandLine;
using System.Globalization;
using BuildIt.KubectlSfu.Output;
using BuildIt.KubectlSfu.Views;
using BuildIt.Operator.Api;

namespace BuildIt.KubectlSfu.Commands;

/// <summary>Everything in one screen: fleets, pods, rooms, links, what is going on and what needs a look.</summary>
internal static class StatusCommand
{
    public static Command Create(GlobalOptions options)
    {
        var fleet = new Argument<string?>("FLEET") { Description = "One fleet, with its pods", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("status", "Show fleets, their load against target, rooms and links, what is going on and what needs a look") { fleet };
        options.Run(command, async (parsed, session, cancellation) =>
        {
            var name = parsed.GetValue(fleet);
            var clusters = name is null
                ? await session.Api.ListAsync<SfuCluster>(session.Listed, cancellation).ConfigureAwait(false)
                : [await session.Api.GetAsync<SfuCluster>(session.Namespace, name, "kubectl sfu status shows those there are", cancellation).ConfigureAwait(false)];
            var rooms = await session.Api.ListAsync<ConferenceRoom>(session.Listed, cancellation).ConfigureAwait(false);
            var links = await session.Api.ListAsync<RegionLink>(session.Listed, cancellation).ConfigureAwait(false);
            if (name is not null)
            {
                rooms = [.. rooms.Where(room => room.Status?.Assignments.Any(seat => seat.Cluster == name) == true)];
                links = [.. links.Where(link => link.Spec.A.ClusterRef?.Name == name || link.Spec.B.ClusterRef?.Name == name)];
            }

            var view = StatusView.Of(clusters, rooms, links);
            session.Terminal.Print(view, output => Write(output, view, withPods: name is not null, session.Terminal.Colour));
            return 0;
        });
        return command;
    }

    private static void Write(TextWriter output, StatusView view, bool withPods, bool colour)
    {
        if (view.Fleets.Count == 0)
        {
            output.WriteLine("There are no fleets here. -A looks in all namespaces; docs/install.md shows how one is made.");
        }
        else
        {
            var fleets = new TextTable("FLEET", "REGION", "PODS", "ROOMS", "PEOPLE", "LOAD", "TARGET", "STATE");
            foreach (var fleet in view.Fleets)
            {
                fleets.AddColoured(
                    colour && view.NeedsALook.Any(remark => remark.About == $"fleet {fleet.Namespace}/{fleet.Name}") ? Ansi.Yellow : null,
                    $"{fleet.Namespace}/{fleet.Name}", fleet.Region, $"{fleet.Ready}/{fleet.Desired}{(fleet.Draining > 0 ? $" +{fleet.Draining} draining" : string.Empty)}",
                    Words.Number(fleet.Rooms), Words.Number(fleet.Participants), $"{fleet.LoadPercent}%{(fleet.Metric is null ? string.Empty : $" {fleet.Metric}")}", $"{fleet.TargetPercent}%", fleet.State);
            }

            fleets.Write(output);
        }

        if (withPods && view.Fleets is [{ Pods: { Count: > 0 } pods }])
        {
            output.WriteLine();
            TopCommand.Table(pods, colour).Write(output);
        }

        output.WriteLine();
        output.WriteLine($"Rooms: {(view.Rooms.Count == 0 ? "none" : string.Join(", ", view.Rooms.Select(each => $"{each.Value} {each.Key}")))}");
        if (view.Links.Count > 0)
        {
            output.WriteLine();
            var links = new TextTable("LINK", "A", "B", "HEALTHY", "RTT", "LOSS", "RELAYS");
            foreach (var link in view.Links)
            {
                links.Add(
                    $"{link.Namespace}/{link.Name}", link.A, link.B, link.Healthy, link.RttMilliseconds is { } rtt ? string.Create(CultureInfo.InvariantCulture, $"{rtt:0.#} ms") : "-",
                    link.Loss is { } loss ? Words.Percent(loss) : "-", Words.Number(link.Relays));
            }

            links.Write(output);
        }

        Write(output, "Going on", view.GoingOn);
        Write(output, "Needs a look", view.NeedsALook);
        if (view.NeedsALook.Count > 0)
        {
            output.WriteLine("kubectl sfu why NAME tells the reasons; docs/runbooks says what to do.");
        }
    }

    private static void Write(TextWriter output, string title, IReadOnlyList<Remark> remarks)
    {
        if (remarks.Count > 0)
        {
            output.WriteLine();
            output.WriteLine($"{title}:");
            foreach (var remark in remarks)
            {
                output.WriteLine($"  {remark.About}: {remark.Reason}: {remark.Message}");
            }
        }
    }
}
