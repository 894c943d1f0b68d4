using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.State;

namespace BuildIt.Sfu.Node.Tests.State;

public class NodeLifecycleTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly NodeLifecycle _lifecycle = new(TimeSpan.Zero);

    [Fact]
    public void Starts_then_serves()
    {
        Assert.Equal(NodeState.Starting, _lifecycle.State);
        Assert.False(_lifecycle.AcceptsRooms);
        _lifecycle.Started();
        Assert.Equal(NodeState.Serving, _lifecycle.State);
        Assert.True(_lifecycle.AcceptsRooms);
    }

    [Fact]
    public void A_drain_waits_for_its_deadline_and_asks_once()
    {
        _lifecycle.Started();
        _lifecycle.Observe(1, 3, Now);
        var status = _lifecycle.Drain(Command(Now.AddMinutes(10)), Now);
        Assert.Equal(NodeState.Draining, status.State);
        Assert.Equal(3, status.Participants);
        Assert.False(_lifecycle.AcceptsRooms);
        Assert.Equal(LifecycleActions.None, _lifecycle.Observe(1, 3, Now.AddMinutes(9)));
        Assert.Equal(LifecycleActions.ReconnectClients, _lifecycle.Observe(1, 3, Now.AddMinutes(10)));
        Assert.Equal(LifecycleActions.None, _lifecycle.Observe(1, 2, Now.AddMinutes(11)));
        Assert.Equal(LifecycleActions.None, _lifecycle.Observe(0, 0, Now.AddMinutes(12)));
        Assert.Equal(NodeState.Drained, _lifecycle.State);
    }

    [Fact]
    public void Clients_are_asked_at_once_when_the_command_says_so()
    {
        _lifecycle.Started();
        _lifecycle.Drain(Command(Now.AddMinutes(10)) with { ReconnectClients = true }, Now);
        Assert.Equal(LifecycleActions.ReconnectClients, _lifecycle.Observe(1, 3, Now));
    }

    [Fact]
    public void It_exits_when_empty_only_if_asked()
    {
        _lifecycle.Started();
        _lifecycle.Drain(Command(Now.AddMinutes(10)) with { ExitWhenEmpty = true }, Now);
        Assert.Equal(LifecycleActions.None, _lifecycle.Observe(1, 1, Now));
        Assert.Equal(LifecycleActions.Exit, _lifecycle.Observe(0, 0, Now));
    }

    [Fact]
    public void Nobody_who_is_still_led_here_finds_it_gone()
    {
        var lifecycle = new NodeLifecycle(TimeSpan.FromSeconds(5));
        lifecycle.Started();
        lifecycle.Drain(Command(Now.AddMinutes(10)) with { ExitWhenEmpty = true }, Now);
        Assert.Equal(LifecycleActions.None, lifecycle.Observe(0, 0, Now));
        Assert.Equal(LifecycleActions.None, lifecycle.Observe(1, 1, Now.AddSeconds(4)));
        Assert.Equal(LifecycleActions.None, lifecycle.Observe(1, 1, Now.AddSeconds(6)));
        Assert.Equal(LifecycleActions.Exit, lifecycle.Observe(0, 0, Now.AddSeconds(7)));
    }

    [Fact]
    public void A_drain_is_called_back_and_a_later_one_asks_again()
    {
        _lifecycle.Started();
        _lifecycle.Observe(1, 1, Now);
        _lifecycle.Drain(Command(Now), Now);
        Assert.Equal(LifecycleActions.ReconnectClients, _lifecycle.Observe(1, 1, Now));
        Assert.Equal(NodeState.Serving, _lifecycle.Undrain().State);
        Assert.Equal(LifecycleActions.None, _lifecycle.Observe(1, 1, Now));
        _lifecycle.Drain(Command(Now), Now);
        Assert.Equal(LifecycleActions.ReconnectClients, _lifecycle.Observe(1, 1, Now));
    }

    private static DrainCommand Command(DateTimeOffset deadline) => new() { Deadline = deadline };
}
