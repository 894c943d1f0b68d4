using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Receiving;

namespace BuildIt.Sfu.Media.Sending;

/// <summary>A pair of layers. Simulcast layers and spatial layers are one scale: a track has the one or the other.</summary>
/// <param name="Spatial">0 is the lowest; -1 means nothing.</param>
/// <param name="Temporal">0 is the lowest frame rate.</param>
public readonly record struct LayerPair(int Spatial, int Temporal)
{
    /// <summary>Forward nothing.</summary>
    public static readonly LayerPair None = new(-1, -1);

    /// <summary>Forward everything.</summary>
    public static readonly LayerPair All = new(7, 7);

    public bool IsNone => Spatial < 0;
}

/// <summary>What is to be done with one packet.</summary>
internal enum LayerDecision : byte
{
    /// <summary>Of another layer: it leaves no trace in the outgoing stream.</summary>
    Ignore,

    /// <summary>Of the stream that is forwarded, but not wanted: its sequence number is to be closed up.</summary>
    Drop,
    Forward,

    /// <summary>The first packet of a layer that is forwarded from now on.</summary>
    Switch,
}

/// <summary>
/// Chooses which packets of a track one subscriber gets. Simulcast layers change on key frames only; spatial layers of a scalable stream
/// where its descriptor allows; temporal layers at frame starts. Used on one loop.
/// </summary>
public sealed class LayerSelector(CodecKind codec, bool isSimulcast)
{
    private int _decodeTarget = -1;

    /// <summary>What the subscriber shall get. Set by the bandwidth allocation.</summary>
    public LayerPair Target { get; private set; } = LayerPair.All;

    /// <summary>
    /// The highest layer that the publisher sends now; a target above it means this one. Lowering it lets the subscriber fall back
    /// when the publisher stops a layer (dynacast, its own congestion).
    /// </summary>
    public int HighestLayer { get; set; } = LayerPair.All.Spatial;

    /// <summary>What the subscriber gets now; <see cref="LayerPair.None"/> before the first packet and while paused.</summary>
    public LayerPair Current { get; private set; } = LayerPair.None;

    /// <summary>Simulcast layer that is forwarded now; -1 when none is.</summary>
    internal int Source { get; private set; } = -1;

    /// <summary>Changes the target. <see cref="LayerPair.None"/> stops forwarding at once.</summary>
    public void SetTarget(LayerPair target)
    {
        Target = target;
        if (!target.IsNone)
            return;
        Current = LayerPair.None;
        Source = -1;
        _decodeTarget = -1;
    }

    /// <summary>The source that is forwarded ended; its successor starts like a new one.</summary>
    internal void EndSource()
    {
        Source = -1;
        _decodeTarget = -1;
    }

    /// <summary>
    /// The simulcast layer of which a key frame is needed to reach the target (0 for a scalable stream); -1 when none is.
    /// </summary>
    public int LayerNeedingKeyFrame
    {
        get
        {
            if (Target.IsNone || HighestLayer < 0 || !codec.HasKeyFrames())
                return -1;
            if (isSimulcast)
                return ReachableSpatial == Source ? -1 : ReachableSpatial;
            if (Source < 0)
                return 0;
            return codec is CodecKind.Vp9 or CodecKind.Av1 && Target.Spatial != Current.Spatial && ReachableSpatial != Current.Spatial ? 0 : -1;
        }
    }

    private int ReachableSpatial => Math.Min(Target.Spatial, HighestLayer);

    /// <summary>Decides on a packet; <paramref name="endsPicture"/> is true when it is the last of its picture that will be forwarded.</summary>
    internal LayerDecision Decide(in IncomingPacket packet, out bool endsPicture)
    {
        endsPicture = packet.Rtp.Marker;
        if (Target.IsNone)
            return LayerDecision.Ignore;
        if (packet.Layer == Source)
            return packet.IsPaddingOnly ? LayerDecision.Drop : DecideWithinSource(packet, ref endsPicture);
        if (!TrySwitchSource(packet))
            return LayerDecision.Ignore;
        DecideWithinSource(packet, ref endsPicture);
        return LayerDecision.Switch;
    }

    private LayerDecision DecideWithinSource(in IncomingPacket packet, ref bool endsPicture)
    {
        return codec switch
        {
            CodecKind.Vp8 => DecideTemporal(packet),
            CodecKind.Vp9 => DecideVp9(packet, ref endsPicture),
            CodecKind.Av1 => DecideAv1(packet, ref endsPicture),
            _ => LayerDecision.Forward,
        };
    }

    private bool TrySwitchSource(in IncomingPacket packet)
    {
        if (packet.IsPaddingOnly || !packet.IsInOrder || (codec.HasKeyFrames() && !packet.Facts.IsKeyFrame))
            return false;
        // Every key frame that comes nearer to the target is taken: the first one starts the picture, a later one improves it.
        var limit = isSimulcast ? ReachableSpatial : packet.Layer;
        var isNearer = Source < 0
            ? packet.Layer <= limit
            : packet.Layer > Source ? packet.Layer <= limit : packet.Layer >= limit;
        if (!isNearer)
            return false;

        Source = packet.Layer;
        Current = new LayerPair(isSimulcast ? packet.Layer : Target.Spatial, Target.Temporal);
        if (packet.Facts.Structure is { } structure)
            UseDecodeTarget(structure, BestTarget(structure, packet.Facts.ActiveDecodeTargets));
        return true;
    }

    private LayerDecision DecideTemporal(in IncomingPacket packet)
    {
        ref readonly var facts = ref packet.Facts;
        if (facts.IsFrameStart && packet.IsInOrder)
        {
            if (facts.IsKeyFrame || Target.Temporal < Current.Temporal)
                Current = Current with { Temporal = Target.Temporal };
            else if (facts.Has(PayloadFlags.SwitchingUpPoint) && facts.TemporalLayer > Current.Temporal && facts.TemporalLayer <= Target.Temporal)
                Current = Current with { Temporal = facts.TemporalLayer };
        }

        return facts.TemporalLayer <= Current.Temporal ? LayerDecision.Forward : LayerDecision.Drop;
    }

    private LayerDecision DecideVp9(in IncomingPacket packet, ref bool endsPicture)
    {
        ref readonly var facts = ref packet.Facts;
        if (!facts.Has(PayloadFlags.Layers))
            return LayerDecision.Forward;
        if (facts.IsFrameStart && facts.SpatialLayer == 0 && packet.IsInOrder)
            UpdateVp9Layers(facts);

        var spatial = isSimulcast ? int.MaxValue : Current.Spatial;
        if (facts.SpatialLayer > spatial || facts.TemporalLayer > Current.Temporal)
            return LayerDecision.Drop;
        // RFC 9628 section 4.2: the marker goes with the last packet of a picture, which is now the end of the highest layer kept.
        endsPicture |= facts.IsFrameEnd && facts.SpatialLayer == spatial;
        return LayerDecision.Forward;
    }

    private void UpdateVp9Layers(in PayloadFacts facts)
    {
        var spatial = facts.IsKeyFrame || Target.Spatial < Current.Spatial ? Target.Spatial : Current.Spatial;
        var temporal = Current.Temporal;
        if (facts.IsKeyFrame || Target.Temporal < temporal)
            temporal = Target.Temporal;
        // The U bit (RFC 9628 section 4.2): pictures after this one in higher temporal layers need nothing older than it.
        else if (facts.Has(PayloadFlags.SwitchingUpPoint) && facts.TemporalLayer <= temporal)
            temporal = Target.Temporal;
        Current = new LayerPair(isSimulcast ? Current.Spatial : spatial, temporal);
    }

    private LayerDecision DecideAv1(in IncomingPacket packet, ref bool endsPicture)
    {
        ref readonly var facts = ref packet.Facts;
        if (facts.Structure is not { } structure)
            return LayerDecision.Forward;
        if (facts.IsFrameStart && packet.IsInOrder)
            UpdateDecodeTarget(structure, facts);
        if (_decodeTarget < 0 || _decodeTarget >= structure.DecodeTargetCount)
            return LayerDecision.Forward;
        if (facts.IndicationFor(_decodeTarget) == DecodeTargetIndication.NotPresent)
            return LayerDecision.Drop;
        endsPicture |= facts.IsFrameEnd && facts.SpatialLayer == structure.LayersOf(_decodeTarget).Spatial;
        return LayerDecision.Forward;
    }

    private void UpdateDecodeTarget(DependencyStructure structure, in PayloadFacts facts)
    {
        var best = BestTarget(structure, facts.ActiveDecodeTargets);
        if (best < 0 || best == _decodeTarget)
            return;
        if (facts.IsKeyFrame || _decodeTarget < 0 || _decodeTarget >= structure.DecodeTargetCount)
        {
            UseDecodeTarget(structure, best);
            return;
        }

        // A lower frame rate of the same picture size only leaves frames out; everything else waits until the stream says "switch".
        var now = structure.LayersOf(_decodeTarget);
        var then = structure.LayersOf(best);
        if ((then.Spatial == now.Spatial && then.Temporal < now.Temporal) || facts.IndicationFor(best) == DecodeTargetIndication.Switch)
            UseDecodeTarget(structure, best);
    }

    private int BestTarget(DependencyStructure structure, uint active) =>
        structure.BestTarget(isSimulcast ? int.MaxValue : Target.Spatial, Target.Temporal, active);

    private void UseDecodeTarget(DependencyStructure structure, int target)
    {
        _decodeTarget = target;
        if (target < 0)
            return;
        var (spatial, temporal) = structure.LayersOf(target);
        Current = new LayerPair(isSimulcast ? Current.Spatial : spatial, temporal);
    }

    /// <summary>Decode targets that the subscriber still gets, for the mask in its dependency descriptors.</summary>
    internal uint ForwardedTargets(in PayloadFacts facts) =>
        facts.Structure is { } structure && _decodeTarget >= 0 && _decodeTarget < structure.DecodeTargetCount
            ? structure.TargetsWithin(_decodeTarget) & facts.ActiveDecodeTargets
            : facts.ActiveDecodeTargets;
}
