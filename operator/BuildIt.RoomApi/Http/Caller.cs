using System.Net;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Tokens;

namespace BuildIt.RoomApi.Http;

/// <summary>What is known about a request before its handler runs. Nothing in it is printed.</summary>
public sealed class Caller
{
    /// <summary>The key that signed the request; empty when a join token was shown, or when nobody had to sign.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; init; }

    /// <summary>The join token that was shown instead of a signature.</summary>
    public JoinTokenClaims? Token { get; init; }

    /// <summary>The body, whole.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Where the request came from, as far as it can be believed.</summary>
    public IPAddress? Address { get; init; }

    public static Caller Of(HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("The request did not pass the gate.");

    public ParticipantId ParticipantIn(string room, Pseudonyms names) => Token?.Participant ?? names.Participant(room, PublicKey.Span);

    public override string ToString() => "Caller(***)";
}
