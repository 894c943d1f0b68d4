using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Media.Rooms;

/// <summary>What the rooms of one loop are given by the shell around them. Used on that loop only.</summary>
public interface IMediaHost
{
    IRoomLoop Loop { get; }

    IRandomSource Random { get; }

    /// <summary>Where what happens to media is counted.</summary>
    MediaCounters Counters { get; }

    IDtlsSessionFactory Dtls { get; }

    ISrtpSessionFactory Srtp { get; }

    /// <summary>Where clients reach this node: host candidates for SDP.</summary>
    IReadOnlyList<IceCandidate> Candidates { get; }

    /// <summary>A fresh local username fragment that leads to this loop.</summary>
    string CreateUfrag();

    IMediaEndpoint CreateEndpoint(IDatagramHandler handler);

    /// <summary>
    /// An endpoint with a port of its own, for what this node opens itself: two nodes may have many links, which the other end tells apart
    /// by where they come from.
    /// </summary>
    IMediaEndpoint CreateExclusiveEndpoint(IDatagramHandler handler);

    /// <summary>An endpoint that only this process reaches, for an end of a link between two loops of it.</summary>
    /// <param name="handler">Takes what arrives.</param>
    /// <param name="candidate">How the other end reaches it.</param>
    IMediaEndpoint CreateInnerEndpoint(IDatagramHandler handler, out IceCandidate candidate);
}

/// <summary>The thread a room lives on. <see cref="Post"/> is thread-safe; the rest is called on the loop.</summary>
public interface IRoomLoop
{
    /// <summary>Which of this process's loops it is, from 0. Any thread.</summary>
    int Index { get; }

    /// <summary>Runs <paramref name="work"/> on the loop soon, in order of posting. False when the loop has stopped.</summary>
    bool Post(Action<Instant> work);

    /// <summary>Calls <see cref="IDeadline.HandleTimeout"/> when its deadline has passed; call again after the deadline moved earlier.</summary>
    void Schedule(IDeadline deadline);

    void Unschedule(IDeadline deadline);
}
