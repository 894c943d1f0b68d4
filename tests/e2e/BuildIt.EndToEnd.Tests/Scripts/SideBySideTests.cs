using System.Diagnostics;
using BuildIt.Testing;

namespace BuildIt.EndToEnd.Tests.Scripts;

/// <summary>How the demo makes Kubernetes and the images: at once, saying what each is doing.</summary>
public sealed class SideBySideTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("buildit-side-by-side-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task BothRunAtOnceAndTellWhatTheyDo()
    {
        // Each ends only when the other has begun.
        var said = await RunAsync("""
            meet() { echo "made by $1"; touch "$1"; until [ -e "$2" ]; do sleep 0.05; done; }
            aside one "a minute" meet one other
            aside other "a minute" meet other one
            together
            """);

        Assert.Contains("one: made by one", said, StringComparison.Ordinal);
        Assert.Contains("other: made by other", said, StringComparison.Ordinal);
        Assert.Contains("one: ready", said, StringComparison.Ordinal);
        Assert.Contains("other: ready", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhenOneFailsItsWordsAreShownAndTheOtherIsEnded()
    {
        var failed = await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync("""
            long() { sleep 3600 & echo $! >long.pid; wait; }
            aside long "an hour" long
            aside short "a moment" bash -c 'until [ -s long.pid ]; do sleep 0.05; done; echo "no disk left"; exit 3'
            together
            """));

        Assert.Contains("no disk left", failed.Message, StringComparison.Ordinal);
        Assert.Contains("short: failed", failed.Message, StringComparison.Ordinal);
        var sleeper = int.Parse(await File.ReadAllTextAsync(Path.Combine(_folder, "long.pid")), System.Globalization.CultureInfo.InvariantCulture);
        for (var watch = Stopwatch.StartNew(); Directory.Exists($"/proc/{sleeper}") && !IsZombie(sleeper); await Task.Delay(50))
        {
            Assert.True(watch.Elapsed < Timeout, "the other goes on");
        }
    }

    private static bool IsZombie(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true;
        }
    }

    private Task<string> RunAsync(string script) => ChildProcess.RunAsync(
        "bash",
        [
            "-c",
            $"set -euo pipefail; cd {_folder}; source {RepositoryRoot.Path("scripts", "side-by-side.sh")}; trap part_ways EXIT; exec 2>&1\n{script}",
        ],
        Timeout);
}
