using System.CommandLine;
using System.Globalization;
using BuildIt.KubectlSfu.Output;
using BuildIt.KubectlSfu.Views;
using BuildIt.Operator.Api;
using BuildIt.Operator.Planning.Replay;
using k8s.Models;

namespace BuildIt.KubectlSfu.Commands;

/// <summary>One room: where it is, who is in it, how well it goes, what has happened to it.</summary>
internal static class RoomCommand
{
    public static Command Create(GlobalOptions options)
    {
        var room = new Argument<string>("ROOM") { Description = "The room" };
        var command = new Command("room", "Show one room: its seats as a tree, its people and their quality, its history") { room };
        options.Run(command, async (parsed, session, cancellation) =>
        {
            var name = parsed.GetValue(room)!;
            var found = await session.Api.GetAsync<ConferenceRoom>(session.Namespace, name, "kubectl sfu rooms lists them", cancellation).ConfigureAwait(false);
            var events = await session.Api.ListAsync<Corev1Event>(session.Namespace, cancellation, fields: $"involvedObject.name={name},involvedObject.kind={ConferenceRoom.KindName}").ConfigureAwait(false);
            IReadOnlyList<RoomSeat> seats = [];
            try
            {
                seats = (await session.Operator.RoomAsync(session.Namespace, name, cancellation).ConfigureAwait(false)).Seats;
            }
            catch (CommandFault fault)
            {
                session.Terminal.Note($"Without quality: {fault.Message}");
            }

            var view = RoomView.Of(found, seats, events);
            session.Terminal.Print(view, output => Write(output, view));
            return 0;
        });
        return command;
    }

    private static void Write(TextWriter output, RoomView view)
    {
        var room = view.Room;
        output.WriteLine($"{room.Namespace}/{room.Name}  {room.Phase}, generation {room.Generation}, {Words.Count(room.Participants, "person", "people")}, {room.Publishers} publishing, {Words.Count(room.Failovers, "failover", "failovers")}");
        if (room.Message is { Length: > 0 } message)
        {
            output.WriteLine($"  {message}");
        }

        foreach (var seat in view.Seats)
        {
            output.WriteLine($"{new string(' ', seat.Depth * 3)}└─ {seat.Pod}  {seat.Role} in {seat.Fleet} ({seat.Region ?? "no region"}){Quality(seat.Report)}");
        }

        if (view.History.Count > 0)
        {
            output.WriteLine();
            var table = new TextTable("WHEN", "WHAT", "TIMES", "WHY");
            foreach (var each in view.History)
            {
                table.Add(Words.Time(each.At), each.Reason, Words.Number(each.Times), each.Message);
            }

            table.Write(output);
        }
    }

    private static string Quality(RoomSeat? report) => report is null
        ? string.Empty
        : string.Create(
            CultureInfo.InvariantCulture,
            $": {Words.Count(report.Participants, "person", "people")}, {Words.Rate(report.Ingress)} in, {Words.Rate(report.Egress)} out, round trip {(report.RoundTripMilliseconds is { } rtt ? $"{rtt:0} ms" : "not measured")}, loss {(report.LossFraction is { } loss ? $"{loss * 100:0.##}%" : "not measured")}");
}
