using BuildIt.Testing;

namespace BuildIt.Operator.Runtime.Tests.Cluster;

public sealed class ChildProcessTests
{
    [Fact]
    public async Task KillingEndsEverythingItStarted()
    {
        var process = ChildProcess.Start("sh", ["-c", "sleep 600 & echo \"child $!\"; wait"]);
        await process.WaitForOutputAsync("child ", TimeSpan.FromSeconds(10));
        var child = int.Parse(process.ReadOutput().Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(Runs(child));

        await process.DisposeAsync();

        Assert.True(process.OutputPath.Length > 0);
        for (var tries = 0; Runs(child) && tries < 250; tries++)
        {
            await Task.Delay(20);
        }

        Assert.False(Runs(child));
        File.Delete(process.OutputPath);
    }

    [Fact]
    public async Task ReportsTheExitCodeAndTheOutput()
    {
        await using var process = ChildProcess.Start("sh", ["-c", "echo said; exit 7"]);

        await process.WaitForExitAsync();

        Assert.Equal(7, process.ExitCode);
        Assert.Equal("said\n", process.ReadOutput());
        File.Delete(process.OutputPath);
    }

    [Fact]
    public async Task FailedRunsSayWhatTheProgramSaid()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => ChildProcess.RunAsync("sh", ["-c", "echo out; echo err >&2; exit 3"], TimeSpan.FromSeconds(10)));

        Assert.Contains("ended with 3", failure.Message, StringComparison.Ordinal);
        Assert.Contains("out", failure.Message, StringComparison.Ordinal);
        Assert.Contains("err", failure.Message, StringComparison.Ordinal);
    }

    // A zombie has ended; nobody has read its exit code yet.
    private static bool Runs(int process) =>
        File.Exists($"/proc/{process}/stat") && !File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].StartsWith('Z');
}
