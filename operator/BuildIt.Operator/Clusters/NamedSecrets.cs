using BuildIt.Operator.Api;
using BuildIt.Operator.Runtime.Client;
using k8s.Models;

namespace BuildIt.Operator.Clusters;

/// <summary>Looks whether the Secrets that a fleet's owner promised are there and hold what a pod needs.</summary>
internal sealed class NamedSecrets(ApiClient client, TimeProvider time)
{
    /// <summary>Between two looks when all is well. A pod that is running has its own copy.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>Between two looks while something is missing.</summary>
    public static readonly TimeSpan IntervalWhileMissing = TimeSpan.FromSeconds(5);

    /// <summary>Renews <see cref="FleetMemory.MissingSecrets"/> when it is time; returns when that will be again.</summary>
    public async Task<DateTimeOffset> CheckAsync(SfuCluster cluster, FleetMemory memory, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var next = memory.SecretsCheckedAt + (memory.MissingSecrets is null ? Interval : IntervalWhileMissing);
        if (next > now)
        {
            return next;
        }

        var problems = new List<string>();
        foreach (var (field, name, entries) in Wanted(cluster.Spec))
        {
            var secret = await client.GetAsync<V1Secret>(cluster.Metadata.NamespaceProperty, name, cancellation).ConfigureAwait(false);
            if (secret is null)
            {
                problems.Add($"{field} names the Secret {name}, which does not exist; create it in namespace {cluster.Metadata.NamespaceProperty}");
                continue;
            }

            var missing = entries.Where(entry => secret.Data?.ContainsKey(entry) != true).ToList();
            if (missing.Count > 0)
            {
                problems.Add($"{field} names the Secret {name}, which has no entry {string.Join(" and no entry ", missing)}; add it");
            }
            else if (secret.Data is null or { Count: 0 })
            {
                problems.Add($"{field} names the Secret {name}, which is empty; add an entry");
            }
        }

        memory.MissingSecrets = problems.Count == 0 ? null : string.Join("; ", problems);
        memory.SecretsCheckedAt = now;
        return now + (memory.MissingSecrets is null ? Interval : IntervalWhileMissing);
    }

    private static IEnumerable<(string Field, string Name, string[] Entries)> Wanted(SfuClusterSpec spec)
    {
        yield return ("spec.apiKeysSecretRef", spec.ApiKeysSecretRef.Name, []);
        if (spec.Network.TlsSecretRef is { } tls)
        {
            yield return ("spec.network.tlsSecretRef", tls.Name, ["tls.crt", "tls.key"]);
        }

        if (spec.Turn is { } turn)
        {
            yield return ("spec.turn.secretRef", turn.SecretRef.Name, ["secret"]);
        }

        if (spec.Redis.SecretRef is { } redis)
        {
            yield return ("spec.redis.secretRef", redis.Name, ["password"]);
        }
    }
}
