using System.Text.Json;
using BuildIt.Operator.Runtime.Client;

namespace BuildIt.Operator.Clusters;

/// <summary>What the API server can do, asked by discovery now and then: it may be upgraded under a running operator.</summary>
internal sealed class ServerFeatures(ApiClient client, ServerCapabilities capabilities, TimeProvider time)
{
    private static readonly TimeSpan Validity = TimeSpan.FromMinutes(10);

    // Load balancers that carry UDP and TCP at once are stable since 1.26 (KEP-1435).
    private const int MixedProtocolsMinor = 26;

    private volatile Known<bool>? _budgets;
    private volatile Known<bool>? _mixed;

    /// <summary>Whether there is policy/v1; servers before 1.21 have v1beta1 alone.</summary>
    public async Task<bool> HasCurrentBudgetsAsync(CancellationToken cancellation)
    {
        if (_budgets is not { } known || known.Until <= time.GetUtcNow())
        {
            _budgets = known = Keep(await capabilities.HasAsync("policy", "v1", "poddisruptionbudgets", cancellation).ConfigureAwait(false));
        }

        return known.Value;
    }

    /// <summary>Whether one LoadBalancer service may carry UDP and TCP.</summary>
    public async Task<bool> HasMixedLoadBalancersAsync(CancellationToken cancellation)
    {
        if (_mixed is not { } known || known.Until <= time.GetUtcNow())
        {
            _mixed = known = Keep(MinorOf(await client.GetRawAsync("version", cancellation).ConfigureAwait(false)) >= MixedProtocolsMinor);
        }

        return known.Value;
    }

    // Some vendors write the minor version as "27+".
    private static int MinorOf(JsonElement? version) =>
        version is { ValueKind: JsonValueKind.Object } found && found.TryGetProperty("minor", out var minor)
        && int.TryParse(minor.GetString()?.TrimEnd('+'), out var number)
            ? number
            : 0;

    private Known<T> Keep<T>(T value) => new(value, time.GetUtcNow() + Validity);

    private sealed record Known<T>(T Value, DateTimeOffset Until);
}
