using System.Collections.Concurrent;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Net.Routing;

/// <summary>
/// Which loop owns a remote address. Asked only when an address is not the asking loop's own, written only when a
/// path opens or closes; reads are lock-free. Bounded by the paths that endpoints hold.
/// </summary>
internal sealed class AddressDirectory
{
    private readonly ConcurrentDictionary<TransportAddress, int> _owners = new();

    public void Set(in TransportAddress remote, int loop) => _owners[remote] = loop;

    /// <summary>Sets the owner unless another is known already.</summary>
    public bool TrySet(in TransportAddress remote, int loop) => _owners.TryAdd(remote, loop);

    /// <summary>Removes the entry if it is still <paramref name="loop"/>'s.</summary>
    public void Remove(in TransportAddress remote, int loop) => _owners.TryRemove(KeyValuePair.Create(remote, loop));

    public bool TryGet(in TransportAddress remote, out int loop) => _owners.TryGetValue(remote, out loop);
}
