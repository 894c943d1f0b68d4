using System.CommandLine;
using System.Globalization;
using BuildIt.KubectlSfu.Output;
using BuildIt.KubectlSfu.Replay;

namespace BuildIt.KubectlSfu.Commands;

/// <summary>What the operator would do, by its own planner, run here on what it sees. Nothing is changed.</summary>
internal static class PlanCommand
{
    public static Command Create(GlobalOptions options)
    {
        var fleet = new Argument<string>("FLEET") { Description = "The fleet" };
        var with = new Option<string?>("--with") { Description = "A file with the SfuCluster as it might be applied" };
        var load = new Option<string?>("--load") { Description = "So many times the load there is, such as x1.5" };
        var without = new Option<string[]>("--without") { Description = "As if this pod were gone; may be given more than once" };
        var length = new Option<int>("--for") { Description = "Minutes to look ahead, 1 to 1440", DefaultValueFactory = _ => 30 };
        length.Validators.Add(result =>
        {
            if (result.GetValue(length) is < 1 or > 1440)
            {
                result.AddError("--for takes 1 to 1440 minutes");
            }
        });
        load.Validators.Add(result =>
        {
            if (result.GetValue(load) is { } text && WhatIf.Factor(text) is null)
            {
                result.AddError($"--load takes a factor such as x1.5, not {text}");
            }
        });
        var command = new Command("plan", "Show what the operator would do with a fleet, as it is or as it might be; nothing is changed") { fleet, with, load, without, length };
        options.Run(command, async (parsed, session, cancellation) =>
        {
            var name = parsed.GetValue(fleet)!;
            var account = await session.Operator.FleetAsync(session.Namespace, name, cancellation).ConfigureAwait(false);
            var observed = account.Last.Observation;
            var changes = new List<string>();
            if (parsed.GetValue(with) is { } file)
            {
                observed = WhatIf.WithSpec(observed, SpecFile.Read(file, account.DefaultImage));
                changes.Add($"with {file}");
            }

            if (parsed.GetValue(load) is { } text)
            {
                observed = WhatIf.WithLoad(observed, WhatIf.Factor(text)!.Value);
                changes.Add($"with load {text}");
            }

            foreach (var pod in parsed.GetValue(without) ?? [])
            {
                observed = WhatIf.Without(observed, pod);
                changes.Add($"without {pod}");
            }

            var forecast = Forecast.Of(observed, account.Last.At, TimeSpan.FromMinutes(parsed.GetValue(length)));
            var view = new PlanView(
                $"{session.Namespace}/{name}", account.Last.At, changes, account.Last.Decision.Desired, forecast.First.Desired, forecast.First.Reason,
                [.. forecast.Steps.Select(step => new PlannedStep(Math.Round(step.After.TotalSeconds, 1), step.Desired, step.What, step.Reason))], forecast.Pods, forecast.Waiting);
            session.Terminal.Print(view, output => Write(output, view, parsed.GetValue(length)));
            return 0;
        });
        return command;
    }

    private static void Write(TextWriter output, PlanView view, int minutes)
    {
        output.WriteLine($"{view.Fleet} as seen at {Words.Clock(view.SeenAt)}{(view.Changes.Count == 0 ? string.Empty : $", {string.Join(", ", view.Changes)}")}:");
        output.WriteLine($"  now {view.WantedNow} pods are wanted, then {view.Wanted}: {view.Reason}");
        if (view.Steps.Count == 0)
        {
            output.WriteLine($"  nothing is done within {minutes} minutes");
        }
        else
        {
            var table = new TextTable("AFTER", "WHAT", "WHY");
            foreach (var step in view.Steps)
            {
                table.Add(Words.Span(TimeSpan.FromSeconds(step.AfterSeconds)), step.What, step.Reason);
            }

            table.Write(output, "  ");
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  after {minutes} minutes {Words.Count(view.PodsInTheEnd, "pod serves", "pods serve")}{(view.RoomsThatWait == 0 ? string.Empty : $", and {Words.Count(view.RoomsThatWait, "room waits", "rooms wait")}")}"));
        output.WriteLine($"Nothing was changed. Pods are assumed to start in {Forecast.Start.TotalSeconds:0} s, and nobody to come or go.");
    }

    private sealed record PlanView(
        string Fleet, DateTimeOffset SeenAt, IReadOnlyList<string> Changes, int WantedNow, int Wanted, string Reason, IReadOnlyList<PlannedStep> Steps, int PodsInTheEnd, int RoomsThatWait);

    private sealed record PlannedStep(double AfterSeconds, int Desired, string What, string Reason);
}
