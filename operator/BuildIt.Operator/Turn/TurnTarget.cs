using BuildIt.Operator.Api;

namespace BuildIt.Operator.Turn;

/// <summary>A TURN server as clients are told of it.</summary>
/// <param name="Domain">Its host name.</param>
/// <param name="Port">For UDP and TCP; null for neither.</param>
/// <param name="TlsPort">For TLS.</param>
internal readonly record struct TurnTarget(string Domain, int? Port, int TlsPort)
{
    public static TurnTarget Of(TurnSpec spec) => new(spec.Domain, spec.Port, spec.TlsPort);
}
