using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Net;

/// <summary>Work at the end of each iteration of a loop, before its datagrams are sent: feedback, pacing, room ticks.</summary>
public interface IIterationHandler
{
    void OnIteration(Instant now);
}
