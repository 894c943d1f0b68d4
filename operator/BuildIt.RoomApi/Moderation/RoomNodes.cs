using BuildIt.Operator.Api;
using BuildIt.RoomApi.Registry;

namespace BuildIt.RoomApi.Moderation;

/// <summary>Where the nodes of a room are reached from inside the cluster. Thread-safe.</summary>
public sealed class RoomNodes(FleetRegistry registry)
{
    /// <summary>Base URLs from the object's status and from the route; either alone is enough.</summary>
    public async Task<IReadOnlyList<string>> EndpointsAsync(ConferenceRoom room, CancellationToken cancellation)
    {
        var found = new List<string?>((room.Status?.Assignments ?? []).Select(assignment => assignment.Endpoint));
        try
        {
            if (await registry.RouteAsync(room.Metadata.Name, cancellation) is { } route)
            {
                found.Add(route.Endpoint);
                found.AddRange(route.Seats.Select(seat => seat.Endpoint));
            }
        }
        catch (RegistryUnavailableException)
        {
            // The status is enough.
        }

        return [.. found.Select(Normalize).OfType<string>().Distinct(StringComparer.Ordinal)];
    }

    private static string? Normalize(string? endpoint)
    {
        if (string.IsNullOrEmpty(endpoint))
        {
            return null;
        }

        var url = endpoint.Contains("://", StringComparison.Ordinal) ? endpoint : $"http://{endpoint}";
        return Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? url.TrimEnd('/') : null;
    }
}
