using System.Text.Json;
using BuildIt.Operator.Runtime.Admission;

namespace BuildIt.Operator.Runtime.Tests.Admission;

public sealed class AdmissionReviewTests
{
    [Fact]
    public void Every_fault_is_in_the_answer_as_the_API_server_itself_would_say_it()
    {
        var answer = Answer("""
            {"request":{"uid":"u1","kind":{"group":"example.com","version":"v1","kind":"Thing"},"name":"one","operation":"CREATE","object":{"spec":{"bad":true}}}}
            """)!.Value;

        Assert.Equal("u1", answer.GetProperty("uid").GetString());
        Assert.False(answer.GetProperty("allowed").GetBoolean());
        Assert.Equal(
            """
            {"status":"Failure","reason":"Invalid","code":422,"message":"Thing.example.com \"one\" is invalid: [spec.a: wrong, spec.b: is required]","details":{"name":"one","group":"example.com","kind":"Thing","causes":[{"reason":"FieldValueInvalid","message":"wrong","field":"spec.a"},{"reason":"FieldValueRequired","message":"is required","field":"spec.b"}]}}
            """.Trim(),
            JsonSerializer.Serialize(answer.GetProperty("status"), Readable));
    }

    [Theory]
    [InlineData("""{"metadata":{"name":"given"},"spec":{"bad":true}}""", "given")]
    [InlineData("""{"metadata":{"generateName":"some-"},"spec":{"bad":true}}""", "some-")]
    [InlineData("""{"metadata":7,"spec":{"bad":true}}""", "")]
    public void The_answer_names_the_object_as_far_as_it_has_a_name(string item, string name) =>
        Assert.Equal(name, Answer("{\"request\":{\"uid\":\"u\",\"kind\":{\"kind\":\"Thing\"},\"operation\":\"CREATE\",\"object\":" + item + "}}")!.Value.GetProperty("status").GetProperty("details").GetProperty("name").GetString());

    [Theory]
    [InlineData("""{"request":{"uid":"u","kind":{"kind":"Thing"},"operation":"CREATE","object":{"spec":{}}}}""", true)]
    [InlineData("""{"request":{"uid":"u","kind":{"kind":"Thing"},"operation":"DELETE","oldObject":{"spec":{"bad":true}}}}""", true)]
    [InlineData("""{"request":{"uid":"u","kind":{"kind":"Thing"},"operation":"UPDATE","object":{"spec":{"bad":true}},"oldObject":{"spec":{"bad":true}}}}""", true)]
    [InlineData("""{"request":{"uid":"u","kind":{"kind":"Thing"},"operation":"UPDATE","object":{"spec":{"bad":true}},"oldObject":{"spec":{}}}}""", false)]
    [InlineData("""{"request":{"uid":"u","kind":{"kind":"Thing"},"operation":"UPDATE","object":{"metadata":{"deletionTimestamp":"2027-01-01T00:00:00Z"},"spec":{"bad":true}},"oldObject":{"spec":{}}}}""", true)]
    [InlineData("""{"request":{"uid":"u","kind":{"kind":"Other"},"operation":"CREATE","object":{}}}""", false)]
    [InlineData("""{"request":{"uid":"u","kind":{"kind":"Thing"},"operation":"CREATE"}}""", false)]
    public void Only_a_changed_spec_is_judged(string review, bool allowed) =>
        Assert.Equal(allowed, Answer(review)!.Value.GetProperty("allowed").GetBoolean());

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"request":7}""")]
    [InlineData("""{"request":{"uid":7}}""")]
    public void What_is_no_review_gets_no_answer(string body) => Assert.Null(Answer(body));

    private static readonly JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static JsonElement? Answer(string review)
    {
        using var document = JsonDocument.Parse(review);
        var answer = AdmissionReview.Answer(document.RootElement, new Dictionary<string, IAdmissionValidator> { ["Thing"] = new ThingValidator() });
        return answer is null ? null : JsonSerializer.SerializeToElement(answer["response"]);
    }

    private sealed class ThingValidator : IAdmissionValidator
    {
        public string Kind => "Thing";

        public IReadOnlyList<AdmissionFault> Validate(AdmissionRequest request) =>
            request.Object.GetProperty("spec").TryGetProperty("bad", out _) ? [new("spec.a", "wrong"), new("spec.b", "is required", true)] : [];
    }
}
