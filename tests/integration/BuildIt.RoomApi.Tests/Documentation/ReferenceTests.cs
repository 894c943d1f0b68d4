using System.Net;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using BuildIt.RoomApi.Configuration;
using BuildIt.RoomApi.Tests.Integration;
using BuildIt.RoomApi.Tests.Integration.BadRequests;
using BuildIt.Testing;

namespace BuildIt.RoomApi.Tests.Documentation;

/// <summary>docs/room-api.md says all that the service says of itself, and nothing that is gone.</summary>
[Collection(RoomApiCollection.Name)]
public sealed partial class ReferenceTests(RoomApiFixture api)
{
    private static readonly string Reference = File.ReadAllText(RepositoryRoot.Path("docs", "room-api.md"));

    [Fact]
    public async Task Every_endpoint_has_its_section_and_every_section_its_endpoint()
    {
        var served = (await ServedAsync()).GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}"));
        Assert.Equal(served.Order(StringComparer.Ordinal), Heading().Matches(Reference).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_field_is_explained()
    {
        var fields = (await ServedAsync()).GetProperty("components").GetProperty("schemas").EnumerateObject()
            .Where(schema => schema.Value.TryGetProperty("properties", out _))
            .SelectMany(schema => schema.Value.GetProperty("properties").EnumerateObject().Select(field => field.Name));
        Assert.All(fields.Distinct(), field => Assert.Contains($"`{field}`", Reference, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_problem_is_in_the_table_of_errors()
    {
        var rows = ErrorRow().Matches(Reference).Select(match => (int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture), match.Groups[2].Value)).ToHashSet();
        Assert.All(BadRequestTests.Problems.Where(problem => problem is not ((409, "revoked") or (505, _))), problem => Assert.Contains(problem, rows));
    }

    [Fact]
    public void Every_variable_is_in_the_table_of_configuration()
    {
        var names = typeof(RoomApiEnvironment).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (string)field.GetRawConstantValue()!)
            .Where(name => name != RoomApiEnvironment.Prefix)
            .Select(name => name[RoomApiEnvironment.Prefix.Length..])
            .Order(StringComparer.Ordinal);
        var table = Reference[Reference.IndexOf("## Configuration", StringComparison.Ordinal)..];
        Assert.Equal(names, Variable().Matches(table).SelectMany(row => Name().Matches(row.Groups[1].Value)).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    private async Task<JsonElement> ServedAsync() => (await api.A.SendAsync((string?)null, "GET", "/openapi/v1.json", [])).Expect(HttpStatusCode.OK).Json;

    [GeneratedRegex("^### `([A-Z]+ [^`]+)`$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^\| ([0-9]{3}) \| `([a-z-]+)` \|", RegexOptions.Multiline)]
    private static partial Regex ErrorRow();

    [GeneratedRegex(@"^\| ((?:`[A-Z_]+`(?:, )?)+) \|", RegexOptions.Multiline)]
    private static partial Regex Variable();

    [GeneratedRegex("`([A-Z_]+)`")]
    private static partial Regex Name();
}
