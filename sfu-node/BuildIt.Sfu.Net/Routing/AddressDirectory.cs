using System.Collections.Concurrent;
using BuildIt.Sfu.Media.Net;

namespace BuildIt.Sfu.Net.Routing;

/// <summary>
/// Which loop owns a remote address. Asked only when an address is not the asking loop's own, written only when a
/// path opens, closes or is claimed; reads are lock-free. Bounded by the paths that endpoints hold.
/// </summary>
internal sealed class AddressDirectory
{
    private readonly ConcurrentDictionary<TransportAddress, Entry> _owners = new();

    /// <summary>Sets the owner, unless another has proved the address and this one has not. Returns whether it did.</summary>
    public bool TryClaim(in TransportAddress remote, int loop, bool proven, out int previous)
    {
        var wanted = new Entry(loop, proven);
        while (true)
        {
            previous = loop;
            if (!_owners.TryGetValue(remote, out Entry entry))
            {
                if (_owners.TryAdd(remote, wanted))
                {
                    return true;
                }
            }
            else if (entry.Proven && !proven)
            {
                return false;
            }
            else if (_owners.TryUpdate(remote, wanted, entry))
            {
                previous = entry.Loop;
                return true;
            }
        }
    }

    /// <summary>Sets the owner unless another is known already.</summary>
    public bool TrySet(in TransportAddress remote, int loop) => _owners.TryAdd(remote, new Entry(loop, Proven: false));

    /// <summary>Removes the entry if it is still <paramref name="loop"/>'s.</summary>
    public void Remove(in TransportAddress remote, int loop)
    {
        if (_owners.TryGetValue(remote, out Entry entry) && entry.Loop == loop)
        {
            _owners.TryRemove(KeyValuePair.Create(remote, entry));
        }
    }

    public bool TryGet(in TransportAddress remote, out int loop)
    {
        bool found = _owners.TryGetValue(remote, out Entry entry);
        loop = entry.Loop;
        return found;
    }

    private readonly record struct Entry(int Loop, bool Proven);
}
