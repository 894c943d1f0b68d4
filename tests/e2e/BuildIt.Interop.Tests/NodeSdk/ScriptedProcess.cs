using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Interop.Tests.Node;

namespace BuildIt.Interop.Tests.NodeSdk;

/// <summary>A Node.js script that answers JSON calls. It ends when its standard input does, so also when the test run is killed.</summary>
public sealed class ScriptedProcess : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode?>> _calls = new();
    private readonly StringBuilder _errors = new();
    private readonly SemaphoreSlim _writing = new(1);
    private int _lastCall;

    private ScriptedProcess(Process process) => _process = process;

    /// <param name="script">Name of the script in the folder NodeSdk.</param>
    public static ScriptedProcess Start(string script)
    {
        var start = new ProcessStartInfo("node", [Path.Combine(AppContext.BaseDirectory, "NodeSdk", script)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["INTEROP_NPM"] = InteropPaths.NpmFolder;
        start.Environment["INTEROP_API_KEY"] = SfuNode.ApiKey;
        start.Environment["INTEROP_API_SECRET"] = SfuNode.ApiSecret;
        var scripted = new ScriptedProcess(Process.Start(start)!);
        scripted._process.OutputDataReceived += (_, line) => scripted.Answered(line.Data);
        scripted._process.ErrorDataReceived += (_, line) => scripted.Wrote(line.Data);
        scripted._process.BeginOutputReadLine();
        scripted._process.BeginErrorReadLine();
        return scripted;
    }

    /// <summary>Calls a method of the script.</summary>
    /// <exception cref="ScriptException">The method threw, the script ended or did not answer in time.</exception>
    public async Task<T> CallAsync<T>(string method, params object?[] args)
    {
        var result = await CallAsync(method, args);
        return result.Deserialize<T>(Json)!;
    }

    /// <inheritdoc cref="CallAsync{T}"/>
    public async Task<JsonNode?> CallAsync(string method, params object?[] args)
    {
        var id = Interlocked.Increment(ref _lastCall);
        var call = new TaskCompletionSource<JsonNode?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _calls[id] = call;
        await _writing.WaitAsync();
        try
        {
            await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(new { id, method, args }, Json));
            await _process.StandardInput.FlushAsync();
        }
        finally
        {
            _writing.Release();
        }

        try
        {
            return await call.Task.WaitAsync(CallTimeout);
        }
        catch (TimeoutException)
        {
            throw new ScriptException($"'{method}' was not answered within {CallTimeout.TotalSeconds} s.\n{Errors()}", "timeout", 0);
        }
        finally
        {
            _calls.TryRemove(id, out _);
        }
    }

    /// <summary>Ends the process at once, as a crash would: nothing is said to the server.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
        _writing.Dispose();
    }

    // Native libraries may write to standard output as well; only answers are JSON objects with an id.
    private void Answered(string? line)
    {
        if (line is null)
        {
            foreach (var call in _calls.Values)
            {
                call.TrySetException(new ScriptException($"The script ended.\n{Errors()}", "ended", 0));
            }

            return;
        }

        if (!line.StartsWith("{\"id\":", StringComparison.Ordinal))
        {
            Wrote(line);
            return;
        }

        var answer = JsonNode.Parse(line)!.AsObject();
        if (!_calls.TryGetValue((int)answer["id"]!, out var pending))
        {
            return;
        }

        if (answer["error"] is { } error)
        {
            pending.TrySetException(new ScriptException((string)error["message"]!, (string)error["code"]!, (int)error["status"]!));
        }
        else
        {
            pending.TrySetResult(answer["result"]);
        }
    }

    private void Wrote(string? line)
    {
        lock (_errors)
        {
            _errors.AppendLine(line);
        }
    }

    /// <summary>What the script wrote beside its answers.</summary>
    public string Errors()
    {
        lock (_errors)
        {
            return _errors.ToString();
        }
    }
}

/// <summary>A call of a script failed.</summary>
/// <param name="message">The SDK's message.</param>
/// <param name="code">Error code of the SDK, such as a Twirp code; empty when there is none.</param>
/// <param name="status">HTTP status, or 0.</param>
public sealed class ScriptException(string message, string code, int status) : Exception(message)
{
    public string Code => code;

    public int Status => status;
}
