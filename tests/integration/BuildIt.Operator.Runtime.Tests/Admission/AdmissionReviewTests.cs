using System.Text.Json;
using BuildIt.Operator.Runtime.Admission;

namespace BuildIt.Operator.Runtime.Tests.Admission;

public sealed class AdmissionReviewTests
{
    [Fact]
    public void Every_fault_is_in_the_answer()
    {
        var answer = Answer("""{"request":{"uid":"u1","kind":{"kind":"Thing"},"operation":"CREATE","object":{"spec":{"bad":true}}}}""");

        Assert.Equal("u1", answer!.Value.GetProperty("uid").GetString());
        Assert.False(answer.Value.GetProperty("allowed").GetBoolean());
        Assert.Equal("spec.a: wrong; spec.b: wrong", answer.Value.GetProperty("status").GetProperty("message").GetString());
        Assert.Equal(2, answer.Value.GetProperty("status").GetProperty("details").GetProperty("causes").GetArrayLength());
    }

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

    private static JsonElement? Answer(string review)
    {
        using var document = JsonDocument.Parse(review);
        var answer = AdmissionReview.Answer(document.RootElement, new Dictionary<string, IAdmissionValidator> { ["Thing"] = new ThingValidator() });
        return answer is null ? null : JsonSerializer.SerializeToElement(answer["response"]);
    }

    private sealed class ThingValidator : IAdmissionValidator
    {
        public string Kind => "Thing";

        public IReadOnlyList<string> Validate(AdmissionRequest request) =>
            request.Object.GetProperty("spec").TryGetProperty("bad", out _) ? ["spec.a: wrong", "spec.b: wrong"] : [];
    }
}
