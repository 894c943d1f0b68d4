using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Receiving;

namespace BuildIt.Sfu.Media.Forwarding;

/// <summary>What feeds a publication: a client, or another node. Used on the room's loop.</summary>
internal interface IUpstream
{
    /// <summary>Whether that is another node, where the track was published.</summary>
    bool IsRelay { get; }

    /// <summary>A key frame of a layer is wanted: it is asked for as soon as it may be.</summary>
    void OnKeyFrameWanted(IncomingLayer layer);

    /// <summary>What is watched of its tracks has changed.</summary>
    void OnDemandChanged(Instant now);

    /// <summary>A stream went on in another codec too often and is not followed.</summary>
    void OnCodecChangeRefused(Instant now);
}
