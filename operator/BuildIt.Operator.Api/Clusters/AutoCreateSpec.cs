using System.ComponentModel;
using BuildIt.Operator.Api.Schema;

namespace BuildIt.Operator.Api;

/// <summary>How rooms come to be that nobody made before: by the room API, which pods ask, because they have no rights in the cluster.</summary>
public sealed record AutoCreateSpec
{
    [Required]
    [Description("Where pods reach the room API inside the cluster, at the port that is not for the public, for example http://buildit-sfu-room-api:9090.")]
    [TextLength(8, 300)]
    [TextPattern("^https?://[^\\s/?#]+$", "an http or https URL of host and port, such as http://buildit-sfu-room-api:9090")]
    public string RoomApi { get; init; } = string.Empty;
}
