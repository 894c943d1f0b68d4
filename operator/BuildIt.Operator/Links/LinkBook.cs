using BuildIt.Operator.Planning.Topology;

namespace BuildIt.Operator.Links;

/// <summary>The links of every namespace, as rooms are planned with them. Any thread.</summary>
internal sealed class LinkBook
{
    /// <summary>By so much a delay has to change before rooms are planned anew for it: a fraction, and milliseconds.</summary>
    private const double DelayStep = 0.1;
    private const double LeastDelayStep = 2;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, NamespaceLinks> _namespaces = new(StringComparer.Ordinal);

    /// <summary>Raised when the links of a namespace have changed so that rooms may want other seats, on the thread that changed them.</summary>
    public event Action<string>? Changed;

    /// <summary>The links of a namespace.</summary>
    public LinkMap MapOf(string ns)
    {
        lock (_lock)
        {
            return _namespaces.TryGetValue(ns, out var links) ? links.Map : LinkMap.Empty;
        }
    }

    /// <summary>A link is there, and this is how it is.</summary>
    public void Put(string ns, FleetLink link, FleetSite a, FleetSite b)
    {
        lock (_lock)
        {
            if (!_namespaces.TryGetValue(ns, out var links))
            {
                _namespaces.Add(ns, links = new NamespaceLinks());
            }

            var entry = new Entry(link, a, b);
            if (links.ByName.TryGetValue(link.Name, out var known) && !Differs(known, entry))
            {
                return;
            }

            links.ByName[link.Name] = entry;
            links.Draw();
        }

        Changed?.Invoke(ns);
    }

    /// <summary>A link is not there any more, or joins nothing.</summary>
    public void Remove(string ns, string name)
    {
        lock (_lock)
        {
            if (!_namespaces.TryGetValue(ns, out var links) || !links.ByName.Remove(name))
            {
                return;
            }

            links.Draw();
            if (links.ByName.Count == 0)
            {
                _namespaces.Remove(ns);
            }
        }

        Changed?.Invoke(ns);
    }

    private static bool Differs(Entry before, Entry after)
    {
        var (old, now) = (before.Link, after.Link);
        var moved = Math.Abs(old.DelayMilliseconds - now.DelayMilliseconds);
        return (before.A, before.B) != (after.A, after.B) || moved > Math.Max(LeastDelayStep, old.DelayMilliseconds * DelayStep)
            || Math.Abs(old.Loss - now.Loss) > 0.01
            || (old.IsHealthy, old.Priority, old.Cost, old.MaxBitsPerSecond) != (now.IsHealthy, now.Priority, now.Cost, now.MaxBitsPerSecond);
    }

    private sealed record Entry(FleetLink Link, FleetSite A, FleetSite B);

    private sealed class NamespaceLinks
    {
        public SortedDictionary<string, Entry> ByName { get; } = new(StringComparer.Ordinal);

        public LinkMap Map { get; private set; } = LinkMap.Empty;

        public void Draw() => Map = new LinkMap(
            [.. ByName.Values.SelectMany(entry => new[] { entry.A, entry.B }).Distinct()], [.. ByName.Values.Select(entry => entry.Link)]);
    }
}
