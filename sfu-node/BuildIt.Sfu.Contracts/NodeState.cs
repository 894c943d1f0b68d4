using System.Text.Json.Serialization;

namespace BuildIt.Sfu.Contracts;

/// <summary>What a node says about itself. Whether it is alive is not its to say: the operator decides that.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NodeState>))]
public enum NodeState
{
    /// <summary>The process runs and is not ready yet: it waits for its address, certificate or sockets.</summary>
    Starting,

    /// <summary>New rooms and new participants are welcome.</summary>
    Serving,

    /// <summary>No new rooms; those it has are being moved away or waited for.</summary>
    Draining,

    /// <summary>It was drained, and serves nobody: it may be deleted.</summary>
    Drained,
}
