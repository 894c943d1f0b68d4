using System.CommandLine;
using System.Formats.Tar;
using System.IO.Compression;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.KubectlSfu.Output;
using BuildIt.KubectlSfu.Views;
using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Planning.Replay;
using k8s.Models;

namespace BuildIt.KubectlSfu.Commands;

/// <summary>Gathers what a bug report about a room needs, without addresses, tokens, keys and names of people.</summary>
internal static class DebugCommand
{
    private const int LogLines = 2000;

    public static Command Create(GlobalOptions options)
    {
        var room = new Argument<string>("ROOM") { Description = "The room" };
        var file = new Option<string?>("--file") { Description = "Where to write the archive; else sfu-debug-ROOM.tar.gz here" };
        var command = new Command("debug", "Gather what a bug report about a room needs into one file, free of addresses, tokens and keys") { room, file };
        options.Run(command, async (parsed, session, cancellation) =>
        {
            var name = parsed.GetValue(room)!;
            var found = await session.Api.GetAsync<ConferenceRoom>(session.Namespace, name, "kubectl sfu rooms lists them", cancellation).ConfigureAwait(false);
            var files = await GatherAsync(session, found, cancellation).ConfigureAwait(false);
            var path = parsed.GetValue(file) ?? $"sfu-debug-{name}.tar.gz";
            try
            {
                await using var stream = File.Create(path);
                await WriteAsync(stream, files, session.Now, cancellation).ConfigureAwait(false);
            }
            catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
            {
                throw new CommandFault($"{path} cannot be written: {unwritable.Message}; name another with --file");
            }

            session.Terminal.Print(new { file = path, contains = files.Keys }, output =>
            {
                output.WriteLine($"{path} holds {string.Join(", ", files.Keys)}.");
                output.WriteLine("Addresses, tokens, keys and names of people were taken out. Look through it before you send it.");
            });
            return 0;
        });
        return command;
    }

    private static async Task<SortedDictionary<string, string>> GatherAsync(Session session, ConferenceRoom room, CancellationToken cancellation)
    {
        var name = room.Metadata.Name;
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["versions.txt"] = $"kubectl-sfu {Assembly.GetExecutingAssembly().GetName().Version}\n",
            ["room.json"] = Json(room, ApiJson.Options),
        };
        await TryAsync("events.json", async () =>
        {
            var events = await session.Api.ListAsync<Corev1Event>(session.Namespace, cancellation).ConfigureAwait(false);
            return Json(events.Select(EventRow.Of).OrderBy(each => each.At).TakeLast(500), PlanningJson.Options);
        }).ConfigureAwait(false);
        await TryAsync("operator-room.json", async () => Json(await session.Operator.RoomAsync(session.Namespace, name, cancellation).ConfigureAwait(false), PlanningJson.Options)).ConfigureAwait(false);
        foreach (var fleet in (room.Status?.Assignments ?? []).Select(seat => seat.Cluster).Distinct(StringComparer.Ordinal))
        {
            await TryAsync($"fleet-{fleet}.json", async () => Json(await session.Api.FindAsync<SfuCluster>(session.Namespace, fleet, cancellation).ConfigureAwait(false), ApiJson.Options)).ConfigureAwait(false);
            await TryAsync($"operator-fleet-{fleet}.json", async () => Json(await session.Operator.FleetAsync(session.Namespace, fleet, cancellation).ConfigureAwait(false), PlanningJson.Options)).ConfigureAwait(false);
        }

        var pods = await session.Api.ListAsync<V1Pod>(session.Namespace, cancellation, selector: FleetPods.Selector).ConfigureAwait(false);
        foreach (var pod in pods.Where(each => room.Status?.Assignments.Any(seat => seat.Instance == each.Metadata.Name) == true))
        {
            await TryAsync($"log-{pod.Metadata.Name}.txt", async () =>
                Scrubber.Text(string.Join('\n', (await LogsCommand.TailAsync(session.Api, pod, LogLines, cancellation).ConfigureAwait(false)).Where(line => line.Contains(name, StringComparison.Ordinal) || line.Contains("warn:", StringComparison.Ordinal) || line.Contains("fail:", StringComparison.Ordinal))))).ConfigureAwait(false);
        }

        return files;

        // What cannot be had is said in its place: a report with a part missing is better than none.
        async Task TryAsync(string file, Func<Task<string>> gather)
        {
            try
            {
                files[file] = await gather().ConfigureAwait(false);
            }
            catch (CommandFault fault)
            {
                files[$"{file}.missing.txt"] = Scrubber.Text(fault.Message) + "\n";
            }
        }
    }

    private static string Json<T>(T value, JsonSerializerOptions options) =>
        Scrubber.Json(JsonSerializer.SerializeToNode(value, options))?.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";

    private static async Task WriteAsync(Stream stream, SortedDictionary<string, string> files, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var gzip = new GZipStream(stream, CompressionLevel.Optimal);
        await using var archive = new TarWriter(gzip);
        foreach (var (name, text) in files)
        {
            using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
            await archive.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content, ModificationTime = now }, cancellation).ConfigureAwait(false);
        }
    }
}
