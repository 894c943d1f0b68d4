using System.CommandLine;
using BuildIt.KubectlSfu.Output;
using BuildIt.KubectlSfu.Views;
using BuildIt.Operator.Api;

namespace BuildIt.KubectlSfu.Commands;

/// <summary>Pods by load, again and again.</summary>
internal static class TopCommand
{
    /// <summary>From so much on a pod is shown in yellow, and in red.</summary>
    private const int Busy = 80, Full = 95;

    public static Command Create(GlobalOptions options)
    {
        var interval = new Option<int>("--interval") { Description = "Seconds between two looks, 1 to 3600", DefaultValueFactory = _ => 2 };
        var once = new Option<bool>("--once") { Description = "Look once, as is done anyway where the output is no terminal" };
        interval.Validators.Add(result =>
        {
            if (result.GetValue(interval) is < 1 or > 3600)
            {
                result.AddError("--interval takes 1 to 3600 seconds");
            }
        });
        var command = new Command("top", "Show pods by load, live") { interval, once };
        options.Run(command, async (parsed, session, cancellation) =>
        {
            var live = session.Terminal.Colour && !parsed.GetValue(once);
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(parsed.GetValue(interval)), session.Clock);
            do
            {
                var clusters = await session.Api.ListAsync<SfuCluster>(session.Listed, cancellation).ConfigureAwait(false);
                var pods = clusters.SelectMany(cluster => FleetRow.Of(cluster).Pods).OrderByDescending(pod => pod.LoadPercent).ThenBy(pod => pod.Name, StringComparer.Ordinal).ToList();
                session.Terminal.Print(pods, output =>
                {
                    if (live)
                    {
                        output.Write(Ansi.Clear);
                        output.WriteLine($"{Words.Clock(session.Now)}  {Words.Count(pods.Count, "pod", "pods")}, {Words.Count(pods.Sum(pod => pod.Rooms), "room", "rooms")}, {Words.Count(pods.Sum(pod => pod.Participants), "person", "people")}");
                    }

                    Table(pods, session.Terminal.Colour).Write(output);
                });
            }
            while (live && await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false));
            return 0;
        });
        return command;
    }

    /// <summary>Pods in lines.</summary>
    public static TextTable Table(IReadOnlyList<PodRow> pods, bool colour)
    {
        var table = new TextTable("POD", "FLEET", "STATE", "LOAD", "ROOMS", "PEOPLE", "WHY");
        foreach (var pod in pods)
        {
            var mark = !colour ? null : pod.State is nameof(InstanceState.Dead) || pod.LoadPercent >= Full ? Ansi.Red : pod.State is nameof(InstanceState.Suspect) || pod.LoadPercent >= Busy ? Ansi.Yellow : null;
            table.AddColoured(mark, pod.Name, pod.Fleet, pod.State, $"{pod.LoadPercent}%", Words.Number(pod.Rooms), Words.Number(pod.Participants), pod.Reason ?? string.Empty);
        }

        return table;
    }
}
