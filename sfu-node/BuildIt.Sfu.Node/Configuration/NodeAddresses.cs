using BuildIt.Sfu.Contracts;

namespace BuildIt.Sfu.Node.Configuration;

/// <summary>Where this node is reached; filled in when its sockets are open and its media address is known. Thread-safe.</summary>
public sealed class NodeAddresses
{
    private volatile NodeEndpoints _current = new() { Signal = "", Control = "" };

    public NodeEndpoints Current => _current;

    public void Set(NodeEndpoints endpoints) => _current = endpoints;
}
