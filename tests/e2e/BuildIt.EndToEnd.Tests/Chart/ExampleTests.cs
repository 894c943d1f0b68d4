using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Validation;

namespace BuildIt.EndToEnd.Tests.Chart;

/// <summary>The examples are what people copy.</summary>
public sealed class ExampleTests
{
    [Theory]
    [InlineData("small.yaml")]
    [InlineData("production.yaml")]
    public void AnExampleFleetHasNoFault(string file)
    {
        var documents = HelmChart.Parse(File.ReadAllText(Path.Combine(HelmChart.Folder, "examples", file)));
        var fleet = Assert.Single(documents);
        Assert.Equal("SfuCluster", fleet["kind"]!.GetValue<string>());
        Assert.Empty(ResourceValidator.ValidateJson<SfuCluster>(fleet));
    }

    [Fact]
    public async Task ExampleValuesRender()
    {
        var objects = await HelmChart.RenderAsync("--values", Path.Combine(HelmChart.Folder, "examples", "production-values.yaml"));
        Assert.Equal(3, objects.Named("Deployment", "buildit-sfu-operator")["spec"]!["replicas"]!.GetValue<int>());
    }
}
