using System.Globalization;

namespace BuildIt.RoomApi.Tests.Integration.BadRequests;

/// <summary>A request that must be refused, and how.</summary>
/// <param name="What">What is wrong with it.</param>
/// <param name="Status">The status it has to get.</param>
/// <param name="Problem">The problem's type, without its prefix.</param>
/// <param name="Says">Words of the detail by which the caller finds the fault.</param>
/// <param name="Send">Sends it.</param>
internal sealed record BadRequest(string What, int Status, string Problem, string Says, Func<Stage, Func<Task<ApiAnswer>>> Send);

/// <summary>
/// Every bad request of the tables gets the right status and a problem+json that says what to do, and nothing is created,
/// changed or ended.
/// </summary>
[Collection(RoomApiCollection.Name)]
public sealed class BadRequestTests(Stage stage) : IClassFixture<Stage>
{
    private static readonly Dictionary<string, BadRequest> All =
        ((BadRequest[])[.. BadSignatures.Rows, .. BadBodies.Rows, .. BadPaths.Rows, .. BadRights.Rows, .. BadCommits.Rows]).ToDictionary(row => row.What, StringComparer.Ordinal);

    public static TheoryData<string> Rows => [.. All.Keys];

    /// <summary>Status and type of every refusal that the tables ask for.</summary>
    internal static IEnumerable<(int Status, string Problem)> Problems => All.Values.Select(row => (row.Status, row.Problem)).Distinct();

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Is_refused_with_words_and_without_effect(string what)
    {
        var row = All[what];
        var before = await stage.PictureAsync();
        var answer = await row.Send(stage)();
        Assert.Equal(row.Status, (int)answer.Status);
        Assert.Equal("application/problem+json", answer.ContentType);
        Assert.Equal(row.Problem, answer.Problem);
        Assert.Contains(row.Says, answer.Detail, StringComparison.Ordinal);
        Assert.Equal(row.Status, answer.Json.GetProperty("status").GetInt32());
        Assert.NotEmpty(answer.Text("title"));
        Assert.Equal(row.Status == 401, answer.Headers.WwwAuthenticate.ToString() == "Nostr");
        Assert.Equal(row.Status is 429 or 503, answer.Headers.RetryAfter is not null);
        Assert.Equal(before, await stage.PictureAsync());
    }

    [Fact]
    public void There_are_many() =>
        Assert.True(All.Count >= 80, string.Create(CultureInfo.InvariantCulture, $"there are only {All.Count}"));
}
