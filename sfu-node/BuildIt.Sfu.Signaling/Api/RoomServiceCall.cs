using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Tokens;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace BuildIt.Sfu.Signaling.Api;

/// <summary>One method of the RoomService.</summary>
/// <param name="MayAtAll">Whether a grant allows it for any room: asked before the body, which names the room, is read.</param>
/// <param name="Act">Does it, for whoever may.</param>
internal sealed record RoomServiceMethod(Func<VideoGrant, bool> MayAtAll, Func<RoomServiceCall, Task<TwirpResult>> Act);

/// <summary>One request to the RoomService, authenticated but not yet authorised.</summary>
internal sealed record RoomServiceCall(HttpContext Context, AccessClaims Claims, ReadOnlyMemory<byte> Body, bool Json)
{
    public CancellationToken Cancel => Context.RequestAborted;

    public bool TryRead<T>(MessageParser<T> parser, out T request)
        where T : class, IMessage<T>, new()
    {
        var read = Json
            ? WireCodec.TryParseJson<T>(System.Text.Encoding.UTF8.GetString(Body.Span), out var parsed)
            : WireCodec.TryParse(Body.Span, parser, out parsed);
        request = parsed ?? new T();
        return read;
    }
}
