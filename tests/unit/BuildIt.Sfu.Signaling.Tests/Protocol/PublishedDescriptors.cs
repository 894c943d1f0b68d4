using System.Diagnostics;
using System.Text.Json;
using BuildIt.Testing;

namespace BuildIt.Sfu.Signaling.Tests.Protocol;

/// <summary>The descriptors of the npm package @livekit/protocol, as its own code states them.</summary>
internal sealed record PublishedDescriptors(
    Dictionary<string, Dictionary<int, PublishedField>> Messages,
    Dictionary<string, Dictionary<int, string>> Enums)
{
    private static readonly Lazy<PublishedDescriptors> Loaded = new(Load);

    public static PublishedDescriptors Instance => Loaded.Value;

    private static PublishedDescriptors Load()
    {
        var folder = RepositoryRoot.Path("tests", "npm", "protocol");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "@livekit", "protocol")))
        {
            Run("npm", ["ci", "--no-audit", "--no-fund"], folder);
        }

        return JsonSerializer.Deserialize<PublishedDescriptors>(
            Run("node", ["descriptors.mjs"], folder), JsonSerializerOptions.Web)!;
    }

    private static string Run(string program, string[] arguments, string folder)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} failed: {errors.Result}");
    }
}

internal sealed record PublishedField(string Name, string Json, string Type, bool Repeated, bool Optional, string Oneof);
