using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Runtime.Conversion;

namespace BuildIt.Operator.Runtime.Tests.Conversion;

public sealed class ConversionReviewTests
{
    private static readonly VersionedKind Kind = new("example.com", "Thing", "things", new VersionStep("v1", "v2", new FieldRenamed("spec.a", "spec.b")));

    [Fact]
    public void Objects_come_back_in_their_order_with_everything_else_as_it_was()
    {
        const string One = """{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"one","managedFields":[{"manager":"m"}]},"spec":{"a":1.50,"c":[{}]},"status":{"x":null}}""";
        const string Two = """{"apiVersion":"example.com/v2","kind":"Thing","metadata":{"name":"two"}}""";
        var response = Answer(Review("example.com/v2", $"[{One},{Two}]"))!["response"]!;

        Assert.Equal("u1", response["uid"]!.GetValue<string>());
        Assert.Equal("""{"status":"Success"}""", response["result"]!.ToJsonString());
        Assert.Equal(
            [One.Replace("example.com/v1", "example.com/v2", StringComparison.Ordinal).Replace("""{"a":1.50,"c":[{}]}""", """{"c":[{}],"b":1.50}""", StringComparison.Ordinal), Two],
            response["convertedObjects"]!.AsArray().Select(each => each!.ToJsonString()));
    }

    [Theory]
    [InlineData("example.com/v3", """[{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"n","namespace":"s"}}]""", "Thing.example.com \"s/n\" cannot be converted to example.com/v3: 'example.com/v3' is no version of it; known are example.com/v1, example.com/v2")]
    [InlineData("example.com/v2", """[{"apiVersion":"example.com/v1","kind":"Other","metadata":{}}]""", "Other of group 'example.com' is not converted here")]
    [InlineData("example.com/v2", """[{"apiVersion":"other.com/v1","kind":"Thing","metadata":{}}]""", "Thing of group 'other.com' is not converted here")]
    [InlineData("example.com/v2", """[{"kind":"Thing"}]""", "Thing of group '' is not converted here")]
    [InlineData("example.com/v2", """[{}]""", "an object without a kind of group '' is not converted here")]
    [InlineData("example.com/v2", """[7]""", "one of the objects is none")]
    [InlineData("example.com/v2", """[{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"n"},"spec":7}]""", "Thing.example.com \"n\" cannot be converted to example.com/v2: spec, on the way to spec.a, is a number and not an object")]
    [InlineData("example.com/v2", """[{"apiVersion":"example.com/v1","kind":"Thing","metadata":7}]""", "Thing.example.com \"\" cannot be converted to example.com/v2: it has no metadata")]
    [InlineData("example.com/v2", """[{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"annotations":7}}]""", "Thing.example.com \"\" cannot be converted to example.com/v2: its annotations are no object")]
    [InlineData("example.com/v2", """{}""", "the request holds no objects")]
    public void One_that_cannot_be_converted_fails_all_of_them_and_is_named(string wanted, string objects, string expected)
    {
        var answer = Answer(Review(wanted, objects))!;

        Assert.Equal(("Failure", expected), ($"{answer["response"]!["result"]!["status"]}", ConversionReview.FailureIn(answer)));
        Assert.Null(answer["response"]!["convertedObjects"]);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"apiVersion":"apiextensions.k8s.io/v1","request":7}""")]
    [InlineData("""{"apiVersion":"apiextensions.k8s.io/v1","request":{"uid":7}}""")]
    [InlineData("""{"apiVersion":"apiextensions.k8s.io/v1beta1","request":{"uid":"u"}}""")]
    public void What_is_no_review_gets_no_answer(string body) => Assert.Null(Answer(body));

    [Fact]
    public void A_request_that_wants_no_version_fails() => Assert.Equal(
        "the request names no desiredAPIVersion", ConversionReview.FailureIn(Answer("""{"apiVersion":"apiextensions.k8s.io/v1","request":{"uid":"u","objects":[]}}""")!));

    private static string Review(string wanted, string objects) =>
        $$$"""{"apiVersion":"apiextensions.k8s.io/v1","kind":"ConversionReview","request":{"uid":"u1","desiredAPIVersion":"{{{wanted}}}","objects":{{{objects}}} }}""";

    private static JsonObject? Answer(string review)
    {
        using var document = JsonDocument.Parse(review);
        return ConversionReview.Answer(document.RootElement, [Kind]) is { } answer ? JsonNode.Parse(answer.ToJsonString())!.AsObject() : null;
    }
}
