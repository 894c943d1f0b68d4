using Microsoft.AspNetCore.Http;

namespace BuildIt.Sfu.Signaling.Tokens;

/// <summary>The token of an Authorization header (RFC 6750 section 2.1).</summary>
internal static class BearerToken
{
    public static string? From(HttpRequest request)
    {
        const string Scheme = "Bearer ";
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null;
    }
}
