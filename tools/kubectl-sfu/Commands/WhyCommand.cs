using System.CommandLine;
using BuildIt.KubectlSfu.Access;
using BuildIt.KubectlSfu.Output;
using BuildIt.KubectlSfu.Views;
using BuildIt.Operator.Api;
using k8s.Models;

namespace BuildIt.KubectlSfu.Commands;

/// <summary>Why a room, a pod or a fleet is as it is: the last decision, what it was made from, and those before.</summary>
internal static class WhyCommand
{
    public static Command Create(GlobalOptions options)
    {
        var about = new Argument<string>("ROOM|POD|FLEET") { Description = "What; room/NAME, pod/NAME or fleet/NAME where several have the name" };
        var command = new Command("why", "Tell why a room, a pod or a fleet is as it is") { about };
        options.Run(command, async (parsed, session, cancellation) =>
        {
            var target = await Target.FindAsync(session, parsed.GetValue(about)!, cancellation).ConfigureAwait(false);
            var view = await ViewAsync(session, target, cancellation).ConfigureAwait(false);
            session.Terminal.Print(view, output => Write(output, view));
            return 0;
        });
        return command;
    }

    /// <summary>The reasons for one thing.</summary>
    public static async Task<WhyView> ViewAsync(Session session, Target target, CancellationToken cancellation)
    {
        var events = await session.Api.ListAsync<Corev1Event>(session.Namespace, cancellation, fields: $"involvedObject.name={target.Name}").ConfigureAwait(false);
        return target switch
        {
            { Fleet: { } fleet } => WhyView.Of(fleet, await AskAsync(session, () => session.Operator.FleetAsync(session.Namespace, target.Name, cancellation)).ConfigureAwait(false), events),
            { Room: { } room } => WhyView.Of(room, await AskAsync(session, () => session.Operator.RoomAsync(session.Namespace, target.Name, cancellation)).ConfigureAwait(false), events),
            { Pod: { } pod } when pod.Metadata.Labels is { } labels && labels.TryGetValue(SfuApi.ClusterLabel, out var name) => WhyView.Of(
                session.Namespace, target.Name,
                await AskAsync(session, () => session.Operator.FleetAsync(session.Namespace, name, cancellation)).ConfigureAwait(false),
                (await session.Api.FindAsync<SfuCluster>(session.Namespace, name, cancellation).ConfigureAwait(false))?.Status?.Instances.FirstOrDefault(instance => instance.Name == target.Name),
                events),
            _ => throw new CommandFault($"the pod {target.Name} belongs to no fleet"),
        };
    }

    /// <summary>Puts the reasons into lines for a person.</summary>
    public static void Write(TextWriter output, WhyView view)
    {
        output.WriteLine($"{view.About}: {view.Answer}");
        Section(output, "Seen", view.Inputs.Count, () =>
        {
            var width = view.Inputs.Max(input => input.Name.Length);
            foreach (var input in view.Inputs)
            {
                output.WriteLine($"  {input.Name.PadRight(width)}  {input.Value}");
            }
        });
        Section(output, "Conditions", view.Conditions.Count, () =>
        {
            foreach (var remark in view.Conditions)
            {
                output.WriteLine($"  {remark.About}  {remark.Reason}{(remark.Message.Length > 0 ? $": {remark.Message}" : string.Empty)}");
            }
        });
        Section(output, "Decided", view.Decisions.Count, () =>
        {
            foreach (var entry in view.Decisions)
            {
                output.WriteLine($"  {Words.Clock(entry.LastAt)}  {entry.What}: {entry.Reason}{Repeated(entry.Times, entry.FirstAt)}");
            }
        });
        Section(output, "Told", view.Events.Count, () =>
        {
            foreach (var each in view.Events)
            {
                output.WriteLine($"  {Words.Clock(each.At)}  {each.Reason}: {each.Message}{Repeated(each.Times, each.FirstAt)}");
            }
        });
    }

    private static async Task<T?> AskAsync<T>(Session session, Func<Task<T>> ask)
        where T : class
    {
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (CommandFault fault)
        {
            session.Terminal.Note($"Without the operator's own reasons: {fault.Message}");
            return null;
        }
    }

    private static string Repeated(int times, DateTimeOffset since) => times > 1 ? $" ({Words.Number(times)} times since {Words.Clock(since)})" : string.Empty;

    private static void Section(TextWriter output, string title, int count, Action write)
    {
        if (count > 0)
        {
            output.WriteLine($"{title}:");
            write();
        }
    }
}
