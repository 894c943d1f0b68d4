using BuildIt.EndToEnd.Tests.Chart;
using BuildIt.Testing;

namespace BuildIt.EndToEnd.Tests.Scripts;

/// <summary>The chart that the test of upgrades begins with, and what packs it.</summary>
public sealed class ReleasedChartTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);
    private static readonly string Script = RepositoryRoot.Path("scripts", "released-chart.sh");

    [Fact]
    public async Task TheChartOfACommitTakesThePlaceOfTheOneBefore()
    {
        var folder = Directory.CreateTempSubdirectory("buildit-released-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "buildit-sfu-0.0.1.tgz"), "the one before");
            Assert.StartsWith(folder.FullName, await ChildProcess.RunAsync(Script, ["HEAD", folder.FullName], Timeout), StringComparison.Ordinal);

            Assert.Equal("buildit-sfu", await NameAsync(Assert.Single(folder.GetFiles()).FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task TheOneInTheTestsIsAChartAndSmall()
    {
        Assert.Equal("buildit-sfu", await NameAsync(HelmChart.Released));
        Assert.InRange(new FileInfo(HelmChart.Released).Length, 1, 150_000);
    }

    [Fact]
    public async Task ACommitThatIsNotThereIsRefused()
    {
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => ChildProcess.RunAsync(Script, ["no-such-commit"], Timeout));
        Assert.Contains("there is no commit 'no-such-commit'", refusal.Message, StringComparison.Ordinal);
    }

    private static async Task<string> NameAsync(string package)
    {
        var chart = HelmChart.Parse(await ChildProcess.RunAsync("tar", ["-xzOf", package, "buildit-sfu/Chart.yaml"], Timeout)).Single();
        return $"{chart["name"]}";
    }
}
