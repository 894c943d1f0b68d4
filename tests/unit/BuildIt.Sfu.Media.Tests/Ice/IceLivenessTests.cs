using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Ice;

namespace BuildIt.Sfu.Media.Tests.Ice;

/// <summary>What silence means.</summary>
public sealed class IceLivenessTests
{
    private static readonly IceAgentOptions Options = new();
    private static readonly Instant Start = Instant.FromMilliseconds(1000);

    private readonly IceLiveness _liveness = new(Options);

    [Fact]
    public void A_peer_that_never_answers_is_given_up()
    {
        _liveness.RemoteKnown(Start);
        Assert.Equal(IceState.Checking, _liveness.State);
        Assert.Equal(Start + Options.ConnectTimeout, _liveness.NextDeadline);

        _liveness.HandleTimeout(null, Start + Options.ConnectTimeout);
        Assert.Equal(IceState.Failed, _liveness.State);
        Assert.False(_liveness.IsAlive);
    }

    [Fact]
    public void Silence_disconnects_what_is_heard_connects_again_and_more_silence_is_the_end()
    {
        Connect();
        _liveness.HandleTimeout(null, Start + Options.DisconnectTimeout);
        Assert.Equal(IceState.Disconnected, _liveness.State);

        _liveness.NoteReceived(Start + Options.DisconnectTimeout);
        Assert.Equal(IceState.Connected, _liveness.State);

        var heard = Start + Options.DisconnectTimeout;
        _liveness.HandleTimeout(null, heard + Options.DisconnectTimeout + Options.FailTimeout);
        Assert.Equal(IceState.Failed, _liveness.State);
    }

    [Fact]
    public void Without_consent_it_is_over_although_the_peer_is_heard()
    {
        Connect();
        var later = Start + Options.ConsentTimeout;
        _liveness.NoteReceived(later);
        _liveness.HandleTimeout(Start, later);
        Assert.Equal(IceState.Failed, _liveness.State);
    }

    [Fact]
    public void What_has_failed_begins_again_with_new_credentials()
    {
        _liveness.RemoteKnown(Start);
        _liveness.HandleTimeout(null, Start + Options.ConnectTimeout);
        _liveness.Restarted(knowsRemote: true, Start + Options.ConnectTimeout);
        Assert.Equal(IceState.Checking, _liveness.State);
    }

    private void Connect()
    {
        _liveness.RemoteKnown(Start);
        _liveness.NoteReceived(Start);
        _liveness.Connected();
    }
}
