using System.Diagnostics;
using System.Text.Json;
using BuildIt.Testing;

namespace BuildIt.RoomApi.Tests.Nostr;

/// <summary>NIP-98 headers made by the library that clients use.</summary>
public sealed record NostrToolsHeaders(string PublicKey, string Url, string Body, string Get, string Post, string Odd);

/// <summary>Runs nostr-tools, once for the tests that share it.</summary>
public sealed class NostrTools : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public NostrToolsHeaders Headers { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var folder = RepositoryRoot.Path("tests", "npm", "livekit");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "nostr-tools")))
        {
            await RunAsync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], folder);
        }

        var json = await RunAsync("node", [Path.Combine(AppContext.BaseDirectory, "Nostr", "make-headers.mjs"), folder], folder);
        Headers = JsonSerializer.Deserialize<NostrToolsHeaders>(json, JsonSerializerOptions.Web)!;
    }

    public Task DisposeAsync() => Task.CompletedTask;

    private static async Task<string> RunAsync(string program, string[] arguments, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var limit = new CancellationTokenSource(Patience);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == 0, $"{program}: {await errors}");
        return output;
    }
}
