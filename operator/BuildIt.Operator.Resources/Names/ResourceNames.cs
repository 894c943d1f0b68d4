using System.Security.Cryptography;
using System.Text;

namespace BuildIt.Operator.Resources.Names;

/// <summary>Names of what is made for a fleet.</summary>
public static class ResourceNames
{
    // RFC 1123, section 2.1: a label has at most 63 characters, and the name of a service is one.
    private const int MaxLabel = 63;

    public static string SignalService(string cluster) => Bounded(cluster, "-signal");

    public static string DisruptionBudget(string cluster) => Bounded(cluster, "-busy");

    /// <summary>Secret with the authority and the operator's certificate. Never mounted in a node.</summary>
    public static string ControlAuthoritySecret(string cluster) => Bounded(cluster, "-control-ca");

    /// <summary>Secret with the certificate that nodes show, and the authority's certificate.</summary>
    public static string ControlNodeSecret(string cluster) => Bounded(cluster, "-control-node");

    // A cut name gets a hash of the whole one, so that two long names never become the same.
    private static string Bounded(string cluster, string suffix)
    {
        if (cluster.Length + suffix.Length <= MaxLabel)
        {
            return cluster + suffix;
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(cluster)))[..8];
        return cluster[..(MaxLabel - suffix.Length - hash.Length - 1)].TrimEnd('-', '.') + "-" + hash + suffix;
    }
}
