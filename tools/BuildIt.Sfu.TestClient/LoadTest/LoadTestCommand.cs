using System.CommandLine;
using System.CommandLine.Parsing;
using BuildIt.Sfu.TestClient.Churn;

namespace BuildIt.Sfu.TestClient.LoadTest;

/// <summary>The command line.</summary>
internal static class LoadTestCommand
{
    public static RootCommand Create()
    {
        var url = new Option<Uri>("--url")
        {
            Description = "Address of the node (http, https, ws or wss)",
            DefaultValueFactory = _ => new Uri("http://localhost:7880"),
            CustomParser = ParseAddress,
        };
        var subscriberUrl = new Option<Uri?>("--subscriber-url") { Description = "Address of the node for those who only subscribe; the same when not given", CustomParser = ParseAddress };
        var key = new Option<string>("--api-key") { Description = "API key", DefaultValueFactory = _ => "devkey" };
        var secret = new Option<string>("--api-secret") { Description = "API secret", DefaultValueFactory = _ => "secret" };
        var room = new Option<string>("--room") { Description = "Room to join; a new one when not given", DefaultValueFactory = _ => $"load-{Guid.NewGuid():N}"[..13] };
        var duration = new Option<TimeSpan>("--duration")
        {
            Description = "Measured time (30s, 5m, 1h); until Ctrl+C when not given",
            CustomParser = ParseDuration,
        };
        var settle = new Option<TimeSpan>("--settle")
        {
            Description = "Time between the last join and the measured time: estimates find their level, and the server compiles what is hot",
            CustomParser = ParseDuration,
            DefaultValueFactory = _ => TimeSpan.FromSeconds(2),
        };
        var video = new Option<int>("--video-publishers", "--publishers") { Description = "Participants that publish video" };
        var audio = new Option<int>("--audio-publishers") { Description = "Participants that publish audio; they are the video publishers first" };
        var subscribers = new Option<int>("--subscribers") { Description = "Participants that subscribe" };
        var prefix = new Option<string>("--identity-prefix") { Description = "Start of every identity", DefaultValueFactory = _ => "load" };
        var resolution = Choice("--video-resolution", "Largest layer that is published", "high", "high", "medium", "low");
        var codec = Choice("--video-codec", "Codec of the built-in clip", "vp8", "vp8");
        var rate = new Option<double>("--num-per-second") { Description = "Participants that join each second", DefaultValueFactory = _ => 5 };
        var layout = Choice("--layout", "What subscribers show", "speaker", [.. Layout.All.Select(each => each.Name)]);
        var noSimulcast = new Option<bool>("--no-simulcast") { Description = "Publish the largest layer alone" };
        var speakers = new Option<bool>("--simulate-speakers") { Description = "Let one publisher after another speak" };
        var everyone = new Option<bool>("--publishers-subscribe") { Description = "Publishers subscribe as well" };
        var dual = new Option<bool>("--dual-peer-connection") { Description = "Use /rtc with two connections instead of /rtc/v1 with one" };
        var decrypt = new Option<int>("--decrypt-one-in") { Description = "Decrypt and check one packet in this many, count the others", DefaultValueFactory = _ => 1 };
        var loops = new Option<int>("--loops") { Description = "Media threads", DefaultValueFactory = _ => 1 };

        var command = new Command("load-test", "Fill a room and say what arrives")
        {
            url, subscriberUrl, key, secret, room, duration, settle, video, audio, subscribers, prefix, resolution, codec, rate, layout, noSimulcast, speakers, everyone, dual, decrypt, loops,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            new LoadTestOptions
            {
                Url = parsed.GetValue(url)!,
                SubscriberUrl = parsed.GetValue(subscriberUrl) ?? parsed.GetValue(url)!,
                ApiKey = parsed.GetValue(key)!,
                ApiSecret = parsed.GetValue(secret)!,
                Room = parsed.GetValue(room)!,
                Duration = parsed.GetValue(duration),
                Settle = parsed.GetValue(settle),
                VideoPublishers = parsed.GetValue(video),
                AudioPublishers = parsed.GetValue(audio),
                Subscribers = parsed.GetValue(subscribers),
                IdentityPrefix = parsed.GetValue(prefix)!,
                Layers = parsed.GetValue(resolution) switch { "low" => 1, "medium" => 2, _ => 3 },
                Simulcast = !parsed.GetValue(noSimulcast),
                NumPerSecond = Math.Max(0.1, parsed.GetValue(rate)),
                Layout = Layout.All.First(each => each.Name == parsed.GetValue(layout)),
                SimulateSpeakers = parsed.GetValue(speakers),
                PublishersSubscribe = parsed.GetValue(everyone),
                DualPeerConnection = parsed.GetValue(dual),
                DecryptOneIn = Math.Max(1, parsed.GetValue(decrypt)),
                Loops = Math.Clamp(parsed.GetValue(loops), 1, 64),
            },
            cancellation));
        return new RootCommand("Headless participants for BuildIt SFU and anything that speaks the same protocol") { command, CreateChurn() };
    }

    private static Command CreateChurn()
    {
        var url = new Option<Uri>("--url") { Description = "Address of the node", DefaultValueFactory = _ => new Uri("http://localhost:7880"), CustomParser = ParseAddress };
        var key = new Option<string>("--api-key") { Description = "API key", DefaultValueFactory = _ => "devkey" };
        var secret = new Option<string>("--api-secret") { Description = "API secret", DefaultValueFactory = _ => "secret" };
        var cycles = new Option<int>("--cycles") { Description = "Joins and leaves in all", DefaultValueFactory = _ => 10_000 };
        var atOnce = new Option<int>("--at-once") { Description = "Participants that come and go at the same time", DefaultValueFactory = _ => 8 };
        var rooms = new Option<int>("--rooms") { Description = "Rooms they are spread over", DefaultValueFactory = _ => 4 };
        var process = new Option<int>("--process") { Description = "Id of the node's process on this machine, whose memory, threads and descriptors are to be printed" };
        var command = new Command("churn", "Join and leave again and again, and say what the node holds afterwards") { url, key, secret, cycles, atOnce, rooms, process };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var run = new ChurnRun(
                new ChurnOptions
                {
                    Url = parsed.GetValue(url)!,
                    ApiKey = parsed.GetValue(key)!,
                    ApiSecret = parsed.GetValue(secret)!,
                    Cycles = Math.Max(1, parsed.GetValue(cycles)),
                    AtOnce = Math.Max(1, parsed.GetValue(atOnce)),
                    Rooms = Math.Max(1, parsed.GetValue(rooms)),
                    Process = parsed.GetValue(process),
                },
                Console.Out);
            return await run.RunAsync(cancellation) ? 0 : 1;
        });
        return command;
    }

    private static async Task<int> RunAsync(LoadTestOptions options, CancellationToken cancellation)
    {
        await using var run = new LoadTestRun(options, Console.Out);
        var result = await run.RunAsync(cancellation);
        LoadTestReport.Write(result, Console.Out);
        return result.Errors.Count == 0 ? 0 : 1;
    }

    private static Option<string> Choice(string name, string description, string preset, params string[] choices)
    {
        var option = new Option<string>(name) { Description = $"{description}: {string.Join(", ", choices)}", DefaultValueFactory = _ => preset };
        option.AcceptOnlyFromAmong(choices);
        return option;
    }

    private static Uri? ParseAddress(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" or "ws" or "wss")
        {
            return address;
        }

        result.AddError($"\"{text}\" is no address such as http://localhost:7880.");
        return null;
    }

    private static TimeSpan ParseDuration(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        var unit = text.Length > 0 ? text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 0 } : 0;
        if (unit > 0 && double.TryParse(text.AsSpan(..^1), System.Globalization.CultureInfo.InvariantCulture, out var count) && count >= 0)
        {
            return TimeSpan.FromSeconds(count * unit);
        }

        result.AddError($"\"{text}\" is no duration such as 30s, 5m or 1h.");
        return TimeSpan.Zero;
    }
}
