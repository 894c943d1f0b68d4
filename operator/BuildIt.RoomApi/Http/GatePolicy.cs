namespace BuildIt.RoomApi.Http;

/// <summary>Who may call an endpoint; metadata of the endpoint.</summary>
public enum GatePolicy
{
    /// <summary>Anybody; only the address is limited.</summary>
    Public,

    /// <summary>Whoever signs the request (NIP-98).</summary>
    Signed,

    /// <summary>Whoever signs the request or shows a valid join token for the room.</summary>
    SignedOrToken,
}
