using System.Text.Json.Nodes;
using BuildIt.Operator.Api.Validation;

namespace BuildIt.Operator.Api.Tests.Validation;

/// <summary>Each file in the folder "bad" is refused with exactly the faults in the file beside it.</summary>
public sealed class BadResourceTests
{
    private static readonly DateTimeOffset Now = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> Files() =>
        [.. Directory.GetFiles(RepositoryFiles.Test("Validation", "bad"), "*.yaml").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    [Fact]
    public void There_are_many_of_them() => Assert.InRange(Directory.GetFiles(RepositoryFiles.Test("Validation", "bad"), "*.yaml").Length, 40, int.MaxValue);

    [Theory]
    [MemberData(nameof(Files))]
    public void Is_refused_with_every_fault(string name)
    {
        var expected = RepositoryFiles.Test("Validation", "bad", name + ".faults");
        var faults = Validate(RepositoryFiles.Test("Validation", "bad", name + ".yaml"));
        var actual = string.Concat(faults.Select(f => f + "\n"));
        if (Environment.GetEnvironmentVariable("BUILDIT_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(expected, actual);
        }

        Assert.NotEmpty(faults);
        Assert.Equal(File.ReadAllText(expected), actual);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("{\"spec\":null}")]
    [InlineData("{\"spec\":{\"replicas\":[[[[]]]],\"redis\":\"x\",\"network\":1e400}}")]
    [InlineData("{\"metadata\":null,\"spec\":{\"resources\":{\"requests\":{\"cpu\":{}}}}}")]
    public void Odd_json_gives_faults_and_no_exception(string json) =>
        Assert.NotEmpty(ResourceValidator.ValidateJson<SfuCluster>(JsonNode.Parse(json)));

    private static IReadOnlyList<Fault> Validate(string file)
    {
        var json = Assert.Single(YamlDocuments.Read(file));
        return json["kind"]!.GetValue<string>() switch
        {
            SfuCluster.KindName => ResourceValidator.ValidateJson<SfuCluster>(json, now: Now),
            ConferenceRoom.KindName => ResourceValidator.ValidateJson<ConferenceRoom>(json, now: Now),
            _ => ResourceValidator.ValidateJson<RegionLink>(json, now: Now),
        };
    }
}
