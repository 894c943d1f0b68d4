using System.Text.Json.Nodes;
using BuildIt.Operator.Runtime.Writing;

namespace BuildIt.Operator.Runtime.Tests.Writing;

public sealed class ApplyComparisonTests
{
    [Theory]
    [InlineData("""{"a":1,"b":{"c":2,"x":3},"default":true}""", """{"b":{"c":2},"a":1}""", true)]
    [InlineData("""{"a":1}""", """{"a":2}""", false)]
    [InlineData("""{"a":1}""", """{"b":1}""", false)]
    [InlineData("""{}""", """{"a":{},"b":[]}""", true)]
    [InlineData("""{"cpu":"1"}""", """{"cpu":"1000m"}""", true)]
    [InlineData("""{"memory":"4Gi"}""", """{"memory":"4096Mi"}""", true)]
    [InlineData("""{"memory":"4Gi"}""", """{"memory":"5Gi"}""", false)]
    [InlineData("""{"at":"2027-01-01T00:00:00Z"}""", """{"at":"2027-01-01T00:00:00.000000Z"}""", true)]
    [InlineData("""{"c":[{"name":"sidecar","image":"x"},{"name":"sfu","image":"a","pull":"Always"}]}""", """{"c":[{"name":"sfu","image":"a"}]}""", true)]
    [InlineData("""{"c":[{"name":"sfu","image":"a"}]}""", """{"c":[{"name":"sfu","image":"b"}]}""", false)]
    [InlineData("""{"c":[{"name":"other","image":"a"}]}""", """{"c":[{"name":"sfu","image":"a"}]}""", false)]
    [InlineData("""{"args":["a","b"]}""", """{"args":["a","b"]}""", true)]
    [InlineData("""{"args":["a","b"]}""", """{"args":["a"]}""", false)]
    [InlineData("""{"args":["b","a"]}""", """{"args":["a","b"]}""", false)]
    public void Tells_whether_everything_wanted_is_there(string live, string desired, bool covers) =>
        Assert.Equal(covers, ApplyComparison.Covers(JsonNode.Parse(live), JsonNode.Parse(desired)));

    [Fact]
    public void The_digest_does_not_depend_on_order()
    {
        var a = ApplyComparison.Digest(JsonNode.Parse("""{"a":1,"b":{"c":[1,2],"d":null}}""")!);

        Assert.Equal(a, ApplyComparison.Digest(JsonNode.Parse("""{"b":{"d":null,"c":[1,2]},"a":1}""")!));
        Assert.NotEqual(a, ApplyComparison.Digest(JsonNode.Parse("""{"a":1,"b":{"c":[2,1],"d":null}}""")!));
    }
}
