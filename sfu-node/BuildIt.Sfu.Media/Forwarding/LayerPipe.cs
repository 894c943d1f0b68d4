using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sending;

namespace BuildIt.Sfu.Media.Forwarding;

/// <summary>
/// One layer of an encoding on its way to another node: all of it, its payload untouched. An encoding in several streams has a pipe for
/// each; one in a single stream, scalable or not, has one pipe, which drops what is above the layer that is wanted. Used on one loop.
/// </summary>
internal sealed class LayerPipe : OutgoingStream
{
    private readonly IDownstream _downstream;
    private readonly IRtpSink _sink;
    private readonly RelayStream _stream;

    /// <param name="downstream">The node.</param>
    /// <param name="encoding">What is sent.</param>
    /// <param name="stream">As what.</param>
    /// <param name="firstSequence">Where its numbers begin, under 32768.</param>
    public LayerPipe(IDownstream downstream, PublicationEncoding encoding, RelayStream stream, ushort firstSequence)
    {
        (_downstream, _sink, _stream) = (downstream, downstream.Sink, stream);
        Encoding = encoding;
        FirstSequence = firstSequence;
        CanonicalName = System.Text.Encoding.ASCII.GetBytes(encoding.Publication.Track.Publisher.Value);
    }

    public PublicationEncoding Encoding { get; }

    /// <summary>The simulcast layer it carries; -1 when it carries the whole encoding.</summary>
    public int Layer => _stream.Layer;

    /// <summary>How it is known at the other end.</summary>
    public RelayStream Stream => _stream;

    public override bool IsVideo => Encoding.Publication.IsVideo;

    public override uint Source => _stream.Source;

    public override uint? RepairSource => _stream.RepairSource == 0 ? null : _stream.RepairSource;

    public override ushort FirstSequence { get; }

    public override int? OnlyLayer => Layer < 0 ? null : Layer;

    public override byte[] CanonicalName { get; }

    /// <summary>Whether anything is sent.</summary>
    public bool IsOn { get; private set; }

    /// <summary>What of the incoming layers it needs: those that the upstream of the encoding has to send.</summary>
    public int Needs => !IsOn ? 0 : Layer >= 0 ? 1 << Layer : (2 << Math.Clamp(Down!.TargetLayers.Spatial, 0, 7)) - 1;

    public bool Carries(int layer) => Layer < 0 || Layer == layer;

    /// <summary>Whether a key frame of an incoming layer is of use.</summary>
    public bool Uses(int layer) => IsOn && Carries(layer) && Down!.Uses(0);

    public void Forward(IncomingPacket packet, Instant now)
    {
        if (Layer < 0)
        {
            Down!.Forward(packet, _sink, now);
        }
        else if (Layer == packet.Layer)
        {
            packet.Layer = 0;
            Down!.Forward(packet, _sink, now);
        }
    }

    /// <summary>Sends up to a spatial layer from now on (0 where there is but one); -1 sends nothing.</summary>
    public void SetTarget(int spatial, Instant now)
    {
        if (spatial < 0)
        {
            if (IsOn)
            {
                IsOn = false;
                Encoding.Pipes.Remove(this);
                Down!.SetTarget(LayerPair.None);
                Encoding.Publication.Upstream.OnDemandChanged(now);
            }

            return;
        }

        if (Encoding.Incoming is null)
        {
            return;
        }

        if (!IsOn)
        {
            if (!TryStart())
            {
                return;
            }

            IsOn = true;
            Encoding.Pipes.Add(this);
            Encoding.Publication.Upstream.OnDemandChanged(now);
        }

        var target = Layer < 0 ? new LayerPair(spatial, LayerPair.All.Temporal) : LayerPair.All;
        if (Down!.TargetLayers != target)
        {
            Down.SetTarget(target);
            Encoding.Publication.Upstream.OnDemandChanged(now);
        }

        WantKeyFrame();
    }

    /// <summary>The encoding goes on in another codec, or comes from elsewhere.</summary>
    public void Restart(Instant now)
    {
        if (!IsOn)
        {
            return;
        }

        if (TryStart())
        {
            WantKeyFrame();
        }
        else
        {
            SetTarget(-1, now);
        }
    }

    /// <summary>Asks for a key frame when one is needed; call until it is there.</summary>
    public void WantKeyFrame()
    {
        if (IsOn && Down!.LayerNeedingKeyFrame >= 0)
        {
            Want();
        }
    }

    public override void OnPictureLost()
    {
        // Who watches has asked no more often than it may, and each node merges what it is asked.
        if (IsOn)
        {
            Want();
        }
    }

    /// <summary>The track is over.</summary>
    public void End()
    {
        IsOn = false;
        Encoding.Pipes.Remove(this);
        _downstream.Remove(this);
        _downstream.End(this);
    }

    private void Want()
    {
        if (Encoding.Incoming?.Layer(Math.Max(0, Layer)) is { KeyFrames.IsWanted: false } layer)
        {
            layer.KeyFrames.Want();
            Encoding.Publication.Upstream.OnKeyFrameWanted(layer);
        }
    }

    /// <summary>False when the node does not take the encoding in the codec that it is in.</summary>
    private bool TryStart()
    {
        if (_downstream.FormatOf(this, Encoding) is not { } format)
        {
            return false;
        }

        if (Down is null)
        {
            Down = new DownTrack(Encoding.Incoming!, format);
            _downstream.Add(this);
        }
        else
        {
            Down.SetSource(Encoding.Incoming!, format);
        }

        return true;
    }
}
