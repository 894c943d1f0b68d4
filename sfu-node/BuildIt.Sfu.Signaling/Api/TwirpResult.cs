using Google.Protobuf;

namespace BuildIt.Sfu.Signaling.Api;

/// <summary>A response or an error; or neither, when the request was passed on and answered elsewhere.</summary>
internal readonly record struct TwirpResult(IMessage? Response, TwirpError? Error)
{
    public static readonly TwirpResult PassedOn;

    public static implicit operator TwirpResult(TwirpError error) => new(null, error);

    public static TwirpResult Ok(IMessage response) => new(response, null);
}
