using System.Collections.Concurrent;
using System.Text.Json;

namespace BuildIt.Operator.Runtime.Client;

/// <summary>Asks the server what it has, by discovery, so that the current API is used where there is one.</summary>
public sealed class ServerCapabilities(ApiClient client)
{
    private readonly ConcurrentDictionary<string, IReadOnlySet<string>> _known = new();

    /// <summary>Whether the server serves a resource, for example policy/v1 poddisruptionbudgets. An answer is kept.</summary>
    public async Task<bool> HasAsync(string group, string version, string plural, CancellationToken cancellation)
    {
        var path = group.Length == 0 ? $"api/{version}" : $"apis/{group}/{version}";
        if (!_known.TryGetValue(path, out var resources))
        {
            var answer = await client.GetRawAsync(path, cancellation).ConfigureAwait(false);
            resources = answer is { } found && found.TryGetProperty("resources", out var list)
                ? list.EnumerateArray().Select(r => r.GetProperty("name").GetString() ?? string.Empty).ToHashSet(StringComparer.Ordinal)
                : [];

            // An API that is absent may be installed later; one that is there stays.
            if (resources.Count > 0)
            {
                _known[path] = resources;
            }
        }

        return resources.Contains(plural);
    }
}
