using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Media.Stun;
using BuildIt.Sfu.Node.Configuration;

namespace BuildIt.Sfu.Node.Hosting;

/// <summary>
/// Finds the address that clients are given for media, by the configured mode. Null means "not known yet": the operator has
/// not written it, or no STUN server has answered; ask again.
/// </summary>
public sealed class AddressFinder(NodeSettings settings)
{
    private static readonly TimeSpan StunTimeout = TimeSpan.FromSeconds(1);

    /// <param name="udpPort">The port that is open here.</param>
    /// <param name="tcpPort">The port that is open here; 0 when off.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<AdvertisedAddress?> FindAsync(int udpPort, int tcpPort, CancellationToken cancellation)
    {
        if (settings.AdvertiseAddresses.Count > 0)
        {
            return new AdvertisedAddress([.. settings.AdvertiseAddresses.Select(IPAddress.Parse)], udpPort, tcpPort);
        }

        switch (settings.Advertise)
        {
            case AdvertiseModes.Stun:
                return await AskStunAsync(cancellation) is { } found ? new AdvertisedAddress([found], udpPort, tcpPort) : null;
            case AdvertiseModes.HostIp when settings.HostIp is { } host:
                return new AdvertisedAddress([IPAddress.Parse(host)], udpPort, tcpPort);
            case AdvertiseModes.PodIp when settings.PodIp is { } pod:
                return new AdvertisedAddress([IPAddress.Parse(pod)], udpPort, tcpPort);
            case AdvertiseModes.NodeExternalIp or AdvertiseModes.LoadBalancer or AdvertiseModes.Static when settings.AdvertiseDirectory is { } directory:
                return ReadFiles(directory, udpPort, tcpPort);
            default:
                return new AdvertisedAddress(
                    settings.BindAddress is { } bind ? [IPAddress.Parse(bind)] : MediaServer.LocalAddresses(), udpPort, tcpPort);
        }
    }

    private static AdvertisedAddress? ReadFiles(string directory, int udpPort, int tcpPort)
    {
        if (!IPAddress.TryParse(ReadText(directory, AdvertiseFiles.Address), out var address))
        {
            return null;
        }

        return new AdvertisedAddress(
            [address],
            ReadPort(directory, AdvertiseFiles.UdpPort) ?? udpPort,
            tcpPort == 0 ? 0 : ReadPort(directory, AdvertiseFiles.TcpPort) ?? tcpPort);
    }

    private static int? ReadPort(string directory, string name) =>
        int.TryParse(ReadText(directory, name), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535 ? port : null;

    private static string? ReadText(string directory, string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, name)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>RFC 8489 section 7: a binding request; the answer says how the server sees us.</summary>
    private async Task<IPAddress?> AskStunAsync(CancellationToken cancellation)
    {
        foreach (var server in settings.StunServers)
        {
            try
            {
                using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                timeout.CancelAfter(StunTimeout);
                var colon = server.LastIndexOf(':');
                var host = colon < 0 ? server : server[..colon];
                var port = colon < 0 ? 3478 : int.Parse(server[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture);
                var addresses = await Dns.GetHostAddressesAsync(host, AddressFamily.InterNetwork, timeout.Token);
                using var client = new UdpClient(AddressFamily.InterNetwork);
                var request = BindingRequest();
                await client.SendAsync(request, new IPEndPoint(addresses[0], port), timeout.Token);
                var answer = await client.ReceiveAsync(timeout.Token);
                if (ReadAnswer(answer.Buffer, request) is { } address)
                {
                    return address;
                }
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or FormatException && !cancellation.IsCancellationRequested)
            {
                // The next server may answer.
            }
        }

        return null;
    }

    private static byte[] BindingRequest()
    {
        // RFC 8489 section 5: type, length without attributes, magic cookie, transaction id.
        var request = new byte[20];
        request[1] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(request.AsSpan(4), 0x2112A442);
        RandomNumberGenerator.Fill(request.AsSpan(8));
        return request;
    }

    private static IPAddress? ReadAnswer(ReadOnlySpan<byte> answer, ReadOnlySpan<byte> request) =>
        StunMessage.TryParse(answer, out var message)
        && message.Class == StunClass.SuccessResponse
        && message.TransactionId.SequenceEqual(request[8..])
        && message.TryGetXorMappedAddress(out var mapped)
            ? mapped.ToEndPoint().Address
            : null;
}
