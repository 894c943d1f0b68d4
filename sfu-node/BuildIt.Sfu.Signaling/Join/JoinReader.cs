using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Signaling.Tokens;

namespace BuildIt.Sfu.Signaling.Join;

/// <summary>A connection that may go on to its room.</summary>
public sealed record JoinAttempt(string Room, AccessClaims Claims, JoinParameters Parameters);

/// <summary>Decides from token and parameters whether a client may try to join, before anything else is touched.</summary>
public sealed class JoinReader(TokenVerifier tokens)
{
    /// <param name="token">From the Authorization header or the access_token parameter; null when there is neither.</param>
    /// <param name="version1">Whether the path was <c>/rtc/v1</c>.</param>
    /// <param name="query">The request's query parameters.</param>
    /// <param name="now">Wall-clock time, for the token.</param>
    /// <param name="attempt">The attempt, when the result is null.</param>
    /// <returns>Null, or why the client is refused.</returns>
    public JoinError? Read(string? token, bool version1, QueryReader query, DateTimeOffset now, out JoinAttempt attempt)
    {
        attempt = null!;
        if (string.IsNullOrEmpty(token))
        {
            return JoinError.NoToken;
        }

        if (tokens.Verify(token, now, out var claims) != TokenError.None)
        {
            return JoinError.InvalidToken;
        }

        if (!claims.Video.RoomJoin)
        {
            return JoinError.JoinNotAllowed;
        }

        if (claims.Identity.Length == 0)
        {
            return JoinError.NoIdentity;
        }

        if (claims.Video.Room.Length == 0)
        {
            return JoinError.NoRoom;
        }

        if (claims.Video.Room.Length > JoinLimits.MaxName || claims.Identity.Length > JoinLimits.MaxName || claims.Name.Length > JoinLimits.MaxName)
        {
            return JoinError.NameTooLong;
        }

        JoinParameters parameters;
        if (version1 && query("join_request") is { Length: > 0 } text)
        {
            if (!JoinRequestCodec.TryRead(text, out var request))
            {
                return JoinError.InvalidJoinRequest;
            }

            parameters = JoinRequestCodec.ToParameters(request);
        }
        else
        {
            parameters = QueryJoin.Read(query) with { SinglePeerConnection = version1 };
        }

        if (claims.Video.MayUpdateOwnMetadata)
        {
            claims = claims with { Metadata = parameters.Metadata ?? claims.Metadata, Attributes = Merge(claims.Attributes, parameters.Attributes) };
        }

        if (!JoinLimits.Fits(claims.Metadata, claims.Attributes))
        {
            return JoinError.TooLarge;
        }

        // Here and not in the room, whose loop carries media.
        if (parameters.PublisherOffer is { Sdp.Length: > 0 } offer)
        {
            parameters = parameters with { Offer = RemoteDescription.Parse(offer.Sdp) };
        }

        attempt = new JoinAttempt(claims.Video.Room, claims, parameters);
        return null;
    }

    private static Dictionary<string, string> Merge(IReadOnlyDictionary<string, string> token, IReadOnlyDictionary<string, string> client)
    {
        var merged = new Dictionary<string, string>(token, StringComparer.Ordinal);
        foreach (var (key, value) in client)
        {
            if (value.Length == 0)
            {
                merged.Remove(key);
            }
            else
            {
                merged[key] = value;
            }
        }

        return merged;
    }
}

/// <summary>Query parameters by name; null when absent.</summary>
public delegate string? QueryReader(string name);
