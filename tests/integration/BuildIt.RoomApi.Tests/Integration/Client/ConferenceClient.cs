using BuildIt.Testing;

namespace BuildIt.RoomApi.Tests.Integration.Client;

/// <summary>The TypeScript client in Node.js, against a replica of the room API as it is outside: no signature is for another address.</summary>
public sealed class ConferenceClient(RoomApiFixture api) : IAsyncDisposable
{
    private static readonly string Folder = RepositoryRoot.Path("conference-client");
    private static readonly string Compiled = Path.Combine(Folder, "artifacts", "live");
    private static readonly Lazy<Task> Compilation = new(() => ChildProcess.RunAsync(
        "node",
        [Path.Combine(Folder, "node_modules", "typescript", "bin", "tsc"), "--project", Path.Combine(Folder, "tests"), "--outDir", Compiled],
        TimeSpan.FromMinutes(3)));

    private Replica? _replica;

    /// <summary>Runs a script of conference-client/tests/live to its end.</summary>
    /// <param name="script">Its name without ending.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="more">Further variables.</param>
    /// <returns>What it wrote.</returns>
    /// <exception cref="InvalidOperationException">Something was not as it should be; the message says what.</exception>
    public async Task<string> RunAsync(string script, TimeSpan timeout, IReadOnlyDictionary<string, string?>? more = null)
    {
        await Compilation.Value;
        _replica ??= await api.StartReplicaAsync(settings => settings with { PublicUrl = $"http://127.0.0.1:{settings.Port}" });
        var environment = new Dictionary<string, string?>(more ?? new Dictionary<string, string?>())
        {
            ["ROOM_API"] = $"http://127.0.0.1:{_replica.Port}",
            ["REDIS"] = api.Redis.Address,
        };
        return await ChildProcess.RunAsync(
            "node",
            ["--require", Path.Combine(Folder, "tests", "support", "webcrypto.cjs"), Path.Combine(Compiled, "tests", "live", $"{script}.js")],
            timeout,
            environment);
    }

    public async ValueTask DisposeAsync()
    {
        if (_replica is not null)
        {
            await _replica.DisposeAsync();
        }
    }
}
