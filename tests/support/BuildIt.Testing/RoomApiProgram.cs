using System.Globalization;
using System.Net;
using System.Security.Cryptography;

namespace BuildIt.Testing;

/// <summary>The real room API in a process of its own, as it was built with the tests, on free loopback ports.</summary>
public sealed class RoomApiProgram : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly string _folder;

    private RoomApiProgram(ChildProcess process, Uri address, string folder)
    {
        Process = process;
        Address = address;
        _folder = folder;
    }

    public ChildProcess Process { get; }

    /// <summary>Where it is reached.</summary>
    public Uri Address { get; }

    /// <summary>Starts it and waits until it is ready.</summary>
    /// <param name="publicUrl">The address that clients know.</param>
    /// <param name="apiKey">Name and secret of the fleets' API key.</param>
    /// <param name="settings">Further variables, without their prefix.</param>
    public static async Task<RoomApiProgram> StartAsync(string publicUrl, KeyValuePair<string, string> apiKey, IReadOnlyDictionary<string, string?> settings)
    {
        var folder = Directory.CreateTempSubdirectory("buildit-room-api-").FullName;
        var keys = Directory.CreateDirectory(Path.Combine(folder, "keys")).FullName;
        await File.WriteAllTextAsync(Path.Combine(keys, apiKey.Key), apiKey.Value);
        await File.WriteAllBytesAsync(Path.Combine(folder, "pepper"), RandomNumberGenerator.GetBytes(32));
        var (port, operations) = (FreePort.NextTcp(), FreePort.NextTcp());
        var environment = new Dictionary<string, string?>
        {
            ["PUBLIC_URL"] = publicUrl,
            ["PEPPER_FILE"] = Path.Combine(folder, "pepper"),
            ["API_KEYS_DIRECTORY"] = keys,
            ["BIND_ADDRESS"] = "127.0.0.1",
            ["PORT"] = port.ToString(CultureInfo.InvariantCulture),
            ["OPERATIONS_PORT"] = operations.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (name, value) in settings)
        {
            environment[name] = value;
        }

        var process = ChildProcess.Start("dotnet", [BuiltProgram.Assembly("operator", "BuildIt.RoomApi")], environment.ToDictionary(each => $"BUILDIT_ROOMAPI_{each.Key}", each => each.Value));
        var program = new RoomApiProgram(process, new Uri($"http://127.0.0.1:{port}"), folder);
        try
        {
            await program.ReadyAsync(new Uri($"http://127.0.0.1:{operations}/readyz"));
            return program;
        }
        catch
        {
            await program.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ReadyAsync(Uri health)
    {
        using var http = new HttpClient();
        using var limit = new CancellationTokenSource(StartTimeout);
        while (true)
        {
            if (Process.HasExited || limit.IsCancellationRequested)
            {
                throw new InvalidOperationException($"The room API did not start.\n{Process.ReadOutput()}");
            }

            try
            {
                using var answer = await http.GetAsync(health, limit.Token);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(50);
        }
    }
}
