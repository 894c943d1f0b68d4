using System.Net;
using System.Net.Sockets;

namespace BuildIt.Operator.Clusters;

/// <summary>
/// What is known of the addresses behind one host name. Pure; the time is an argument. Not safe for several threads.
/// </summary>
/// <remarks>
/// Some names answer with another address each time, and all of them are good. Whoever has one of them keeps it, or what is
/// written about it would change with every answer.
/// </remarks>
internal sealed class KnownName
{
    /// <summary>An address that has been in no answer for so long is no longer one of the name's.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);

    private readonly Dictionary<IPAddress, DateTimeOffset> _seen = [];

    /// <summary>It has been asked for at least once, with or without an answer.</summary>
    public bool Asked { get; private set; }

    /// <summary>Takes in an answer.</summary>
    /// <returns>True when the name has other addresses than before, or was asked for the first time.</returns>
    public bool Answer(IEnumerable<IPAddress> addresses, DateTimeOffset now)
    {
        var changed = !Asked;
        Asked = true;
        foreach (var address in addresses)
        {
            changed |= !_seen.ContainsKey(address);
            _seen[address] = now;
        }

        // A name without any address is rather a resolver's mishap than what somebody wants.
        if (_seen.ContainsValue(now))
        {
            foreach (var (address, _) in _seen.Where(pair => now - pair.Value >= Memory).ToList())
            {
                changed |= _seen.Remove(address);
            }
        }

        return changed;
    }

    /// <summary>Nobody answered: what was known goes on being so.</summary>
    /// <returns>True when it was asked for the first time.</returns>
    public bool Miss()
    {
        var first = !Asked;
        Asked = true;
        return first;
    }

    /// <summary>One of the addresses; null when none is known.</summary>
    /// <param name="current">The one that is in use, which is kept while it is one of them.</param>
    public IPAddress? Choose(string? current) =>
        IPAddress.TryParse(current, out var used) && _seen.ContainsKey(used)
            ? used

            // The same for every operator that knows the same. IPv4 first: more networks have it.
            : _seen.Keys.OrderBy(address => address.AddressFamily is not AddressFamily.InterNetwork).ThenBy(address => address.ToString(), StringComparer.Ordinal).FirstOrDefault();
}
