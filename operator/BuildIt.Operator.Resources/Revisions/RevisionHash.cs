using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Schema;

namespace BuildIt.Operator.Resources.Revisions;

/// <summary>Names the revision of a fleet: a hash of what takes a new pod to change, and of nothing else.</summary>
public static class RevisionHash
{
    /// <summary>Raised when the same spec makes a different pod than before, so that fleets follow an upgrade of the operator.</summary>
    internal const int PodFormat = 1;

    private const int Length = 8;

    // No vowels, so that no word comes about; nothing that a label or a host name would refuse.
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    /// <summary>The revision of the pods of <paramref name="cluster"/>.</summary>
    /// <param name="cluster">The fleet.</param>
    /// <param name="defaultImage">The image used when the spec names none.</param>
    public static string Of(SfuCluster cluster, string defaultImage)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        var spec = cluster.Spec;
        var parts = new SortedDictionary<string, object?>(StringComparer.Ordinal)
        {
            ["format"] = PodFormat,
            ["region"] = spec.Region,
            ["capacity"] = spec.Capacity,
            ["network"] = spec.Network,
            ["turn"] = spec.Turn,
            ["redis"] = spec.Redis,
            ["apiKeys"] = spec.ApiKeysSecretRef,
            ["image"] = spec.Image ?? defaultImage,
            ["pull"] = spec.ImagePullPolicy,
            ["resources"] = spec.Resources,
            ["template"] = spec.PodTemplate,
        };

        // Fleets that do not use it keep the revision they had before there was such a thing.
        if (spec.AutoCreate is { } autoCreate)
        {
            parts["autoCreate"] = autoCreate;
        }

        var text = new StringBuilder();
        foreach (var (key, value) in parts)
        {
            text.Append(key).Append('=');
            Canonical(value is null ? null : JsonSerializer.SerializeToNode(value, value.GetType(), ApiJson.Options), text);
            text.Append('\n');
        }

        return Encode(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    // Members in order, and nothing that says nothing: absent, null and empty are the same to a pod.
    private static void Canonical(JsonNode? node, StringBuilder text)
    {
        switch (node)
        {
            case JsonObject members:
                text.Append('{');
                foreach (var (name, value) in members.OrderBy(member => member.Key, StringComparer.Ordinal))
                {
                    if (!SaysNothing(value))
                    {
                        text.Append(JsonSerializer.Serialize(name)).Append(':');
                        Canonical(value, text);
                        text.Append(',');
                    }
                }

                text.Append('}');
                break;
            case JsonArray items:
                text.Append('[');
                foreach (var item in items)
                {
                    Canonical(item, text);
                    text.Append(',');
                }

                text.Append(']');
                break;
            default:
                text.Append(node?.ToJsonString() ?? "null");
                break;
        }
    }

    private static bool SaysNothing(JsonNode? value) => value switch
    {
        null => true,
        JsonObject members => members.All(member => SaysNothing(member.Value)),
        JsonArray items => items.Count == 0,
        _ => false,
    };

    private static string Encode(byte[] hash)
    {
        var number = BitConverter.ToUInt64(hash);
        return string.Create(Length, number, static (span, value) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = Alphabet[(int)(value % (ulong)Alphabet.Length)];
                value /= (ulong)Alphabet.Length;
            }
        });
    }
}
