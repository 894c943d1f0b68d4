using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace BuildIt.RoomApi.Http;

/// <summary>A refusal as it is sent (RFC 9457).</summary>
internal static class ProblemJson
{
    public const string MediaType = "application/problem+json";

    public static byte[] Write(ApiProblem problem) => JsonSerializer.SerializeToUtf8Bytes(Of(problem), StrictJson.Options);

    public static ProblemDetails Of(ApiProblem problem) => new()
    {
        Type = ApiProblem.TypePrefix + problem.Type,
        Title = ReasonPhrases.GetReasonPhrase(problem.Status),
        Status = problem.Status,
        Detail = problem.Message,
        Extensions = new Dictionary<string, object?>(problem.Extensions),
    };
}
