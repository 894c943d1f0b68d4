using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Net.Routing;
using BuildIt.Sfu.Net.Statistics;
using BuildIt.Sfu.Net.Tcp;

namespace BuildIt.Sfu.Net;

/// <content>What its TCP connections ask of the loop.</content>
public sealed partial class MediaLoop
{
    LoopCounters ITcpOwner.Counters => Counters;

    TcpConnections ITcpOwner.Connections => Connections;

    bool ITcpOwner.Owns(UfragKey ufrag) => _ufrags.ContainsKey(ufrag);

    ITcpOwner? ITcpOwner.Sibling(int index) => Sibling(index);

    void ITcpOwner.Dispatch(Span<byte> datagram, in TransportAddress from) => Dispatch(datagram, from, default);

    void ITcpOwner.PathLost(in TransportAddress remote)
    {
        if (_bindings.TryGetValue(remote, out Binding binding))
        {
            try
            {
                binding.Endpoint.Handler.HandlePathLost(remote, Now);
            }
            catch (Exception error)
            {
                ReportFault(error);
            }
        }
    }

    void ITcpOwner.DisposeLater(IDisposable garbage) => _garbage.Add(garbage);
}
