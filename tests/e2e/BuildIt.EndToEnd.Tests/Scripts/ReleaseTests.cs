using System.Text.Json.Nodes;
using BuildIt.EndToEnd.Tests.Chart;
using BuildIt.Testing;

namespace BuildIt.EndToEnd.Tests.Scripts;

/// <summary>What a release consists of, as far as it is made in moments.</summary>
public sealed class ReleaseTests
{
    private const string Version = "9.8.7-rc.1";
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);
    private static readonly string Script = RepositoryRoot.Path("scripts", "release.sh");

    [Fact]
    public async Task ChartDefinitionsAndPartListsHaveTheVersionAndCheckSums()
    {
        var folder = (await ChildProcess.RunAsync(Script, [Version, "chart", "crds", "sbom"], Timeout)).Trim();
        var sums = (await ChildProcess.RunAsync("sh", ["-c", "cd \"$1\" && sha256sum --check --strict SHA256SUMS", "sh", folder], Timeout)).Trim().Split('\n');
        Assert.Equal(
            [
                $"buildit-sfu-{Version}.tgz", $"crds-{Version}.yaml", $"crds-without-rules-{Version}.yaml",
                "sbom/conference-client.cdx.json", "sbom/kubectl-sfu.cdx.json", "sbom/room-api.cdx.json", "sbom/sfu-node.cdx.json", "sbom/sfu-operator.cdx.json",
            ],
            sums.Select(line => line.Split(": ")[0]));
        Assert.All(sums, line => Assert.EndsWith(": OK", line, StringComparison.Ordinal));

        var chart = HelmChart.Parse(await ChildProcess.RunAsync("tar", ["-xzOf", Path.Combine(folder, $"buildit-sfu-{Version}.tgz"), "buildit-sfu/Chart.yaml"], Timeout)).Single();
        Assert.Equal((Version, Version), ($"{chart["version"]}", $"{chart["appVersion"]}"));
        Assert.Equal(3, HelmChart.Parse(await File.ReadAllTextAsync(Path.Combine(folder, $"crds-{Version}.yaml"))).OfKind("CustomResourceDefinition").Count());

        var parts = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "sbom", "sfu-node.cdx.json")))!;
        Assert.Equal(("CycloneDX", Version), ($"{parts["bomFormat"]}", $"{parts["metadata"]!["component"]!["version"]}"));

        // What is in the SBOM is what the sources name, and what that brings along.
        Assert.Contains(parts["components"]!.AsArray(), part => $"{part!["purl"]}".StartsWith("pkg:nuget/Google.Protobuf@", StringComparison.Ordinal));
        Assert.Contains(
            JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "sbom", "conference-client.cdx.json")))!["components"]!.AsArray(),
            part => $"{part!["purl"]}".StartsWith("pkg:npm/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1.2")]
    [InlineData("latest")]
    [InlineData("1.2.3", "nonsense")]
    public async Task WhatIsNoVersionOrNoPartIsRefused(params string[] arguments)
    {
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => ChildProcess.RunAsync(Script, arguments, Timeout));
        Assert.Matches("a semantic version|there is no part", refusal.Message);
    }

    /// <summary>Cross-compiled for both kinds of machines, with the labels by which an image tells what it is.</summary>
    [Fact]
    public void DockerfilesAreForSeveralKindsOfMachines()
    {
        var files = Directory.GetFiles(RepositoryRoot.Path("images"), "*.Dockerfile");
        Assert.Equal(3, files.Length);
        Assert.All(files.Select(File.ReadAllText), text =>
        {
            Assert.Contains("FROM --platform=${BUILDPLATFORM}", text, StringComparison.Ordinal);
            Assert.Contains("-a ${TARGETARCH}", text, StringComparison.Ordinal);
            Assert.Contains("org.opencontainers.image.version=\"${VERSION}\"", text, StringComparison.Ordinal);
        });
    }
}
