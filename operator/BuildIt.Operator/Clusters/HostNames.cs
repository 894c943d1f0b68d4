using System.Net;
using System.Net.Sockets;
using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Runtime.Caching;

namespace BuildIt.Operator.Clusters;

/// <summary>How host names are looked up.</summary>
/// <param name="LookUp">Gives the addresses of a name, or throws a <see cref="SocketException"/>.</param>
/// <param name="Refresh">Time between two look-ups of one name.</param>
public sealed record HostNameOptions(Func<string, CancellationToken, Task<IPAddress[]>> LookUp, TimeSpan Refresh)
{
    public static HostNameOptions Default { get; } = new(Dns.GetHostAddressesAsync, TimeSpan.FromSeconds(30));
}

/// <summary>Knows the addresses of host names: a resolver that is slow or away keeps no fleet. Any thread.</summary>
internal sealed class HostNames(HostNameOptions options, FleetSignal signal, TimeProvider time)
    : Watchlist<string, KnownName>("host_names", options.Refresh, StringComparer.OrdinalIgnoreCase, signal, time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _time = time;

    /// <summary>An address of a name, from memory.</summary>
    /// <param name="host">The name.</param>
    /// <param name="current">The address that is in use for it.</param>
    /// <param name="cluster">Who asks.</param>
    /// <returns>The address, or why there is none yet, in words.</returns>
    public (string? Address, string? Missing) AddressOf(string host, string? current, ObjectKey cluster) => Ask<(string?, string?)>(host, cluster, name => name switch
    {
        _ when name.Choose(current) is { } address => (address.ToString(), null),
        { Asked: false } => (null, $"{host} is being resolved"),
        _ => (null, $"{host} cannot be resolved yet"),
    });

    protected override async Task<Func<KnownName, DateTimeOffset, bool>> LookAsync(string subject, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(Patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            // The resolver of the system does not let go of a look-up by itself.
            var found = await options.LookUp(subject, either.Token).WaitAsync(either.Token).ConfigureAwait(false);
            return (name, now) => name.Answer(found, now);
        }
        catch (Exception failure) when (failure is SocketException or ArgumentException || Stopping.IsTimeout(failure, cancellation))
        {
            return (name, _) => name.Miss();
        }
    }
}
