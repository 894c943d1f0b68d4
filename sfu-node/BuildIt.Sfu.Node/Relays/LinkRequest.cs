using System.Text.Json;
using System.Text.Json.Serialization;

namespace BuildIt.Sfu.Node.Relays;

/// <summary>
/// What a node that is to be fed asks of its parent: a link for one room. Posted as JSON to <see cref="Path"/> on the port for links, over
/// mutual TLS, whose certificates say who the two are. Media then goes as a client's does: the same port, found by ICE.
/// </summary>
internal sealed record LinkRequest
{
    public const string Path = "/relay/v1/links";

    /// <summary>Largest body in bytes.</summary>
    public const int MaxBody = 16 * 1024;

    public required string Room { get; init; }

    /// <summary>The node that asks.</summary>
    public required string Node { get; init; }

    /// <summary>Generation and revision of the route by which it asks.</summary>
    public required long Generation { get; init; }

    public required long Revision { get; init; }

    public required LinkAddress Address { get; init; }
}

/// <summary>How one end of a link is reached; see <see cref="Media.Rooms.RelayAddress"/>.</summary>
internal sealed record LinkAddress
{
    public required string Ufrag { get; init; }

    public required string Password { get; init; }

    public required string Fingerprint { get; init; }

    public IReadOnlyList<string> Candidates { get; init => field = value ?? []; } = [];

    public static LinkAddress Of(Media.Rooms.RelayAddress address) =>
        new() { Ufrag = address.Ufrag, Password = address.Password, Fingerprint = address.Fingerprint, Candidates = address.Candidates };

    public Media.Rooms.RelayAddress ToMedia() => new(Ufrag, Password, Fingerprint, [.. Candidates.Take(MaxCandidates)]);

    /// <summary>More ways to one node are not tried.</summary>
    private const int MaxCandidates = 16;

    /// <summary>A password is not for logs.</summary>
    public override string ToString() => "address of a link";
}

/// <summary>Why a parent refuses a link.</summary>
internal sealed record LinkRefusal
{
    public required string Reason { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LinkRequest))]
[JsonSerializable(typeof(LinkAddress))]
[JsonSerializable(typeof(LinkRefusal))]
internal sealed partial class LinkJson : JsonSerializerContext;
