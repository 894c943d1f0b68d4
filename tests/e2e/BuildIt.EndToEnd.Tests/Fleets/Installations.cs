using BuildIt.EndToEnd.Tests.Conferences;
using BuildIt.Testing;

namespace BuildIt.EndToEnd.Tests.Fleets;

/// <summary>
/// One Kubernetes for all tests that need nodes, started by the first of them, on which one installation follows another, in
/// whatever order they are asked for. For one test at a time.
/// </summary>
public sealed class Installations : IAsyncLifetime
{
    private KubernetesMachine? _machine;
    private IReadOnlyList<string> _images = [];
    private InstalledFleet? _fleet;
    private ConferenceFleet? _conferences;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await EndConferencesAsync();
        await EndMachineAsync();
    }

    /// <summary>Kubernetes alone, with one node. Whoever changes it leaves it as it was.</summary>
    internal async Task<KubernetesMachine> MachineAsync() => _machine ??= await KubernetesMachine.StartAsync();

    /// <summary>The chart, newly installed, without a fleet.</summary>
    /// <param name="watchOnly">It looks after the fleets' namespace alone.</param>
    internal async Task<InstalledFleet> FleetAsync(bool watchOnly = false)
    {
        await ClearAsync();
        await AddImagesAsync();
        _fleet = new InstalledFleet(await MachineAsync());
        await _fleet.StartAsync(watchOnly);
        return _fleet;
    }

    /// <summary>A fleet with a room API before it: the one that is there, where it is.</summary>
    internal async Task<ConferenceFleet> ConferencesAsync()
    {
        if (_conferences is { } present)
        {
            return present;
        }

        var pages = ConferenceFleet.StartPagesAsync();
        var conferences = new ConferenceFleet(await FleetAsync(), await pages);
        try
        {
            await conferences.StartAsync();
        }
        catch
        {
            await conferences.DisposeAsync();
            throw;
        }

        return _conferences = conferences;
    }

    /// <summary>One more node of that Kubernetes, with the images, until what is returned is disposed.</summary>
    /// <param name="index">1 for <c>node-1</c>.</param>
    internal async Task<IAsyncDisposable> NodeAsync(int index)
    {
        var machine = await MachineAsync();
        await machine.StartNodeAsync(index);
        await machine.AddImagesAsync(_images);
        return new ExtraNode(machine, index);
    }

    private async Task AddImagesAsync()
    {
        if (_images.Count > 0)
        {
            return;
        }

        // The compiler has little to do with what Kubernetes waits for while it starts.
        var machine = MachineAsync();
        var redis = ImageArchive.OfProgramAsync("buildit/redis", "redis-server");
        var coturn = ImageArchive.OfProgramAsync("buildit/coturn", "turnserver");
        var ours = ImageArchive.OfProjectsAsync(
            ("buildit/sfu-operator", "operator/BuildIt.Operator"), ("buildit/sfu-node", "sfu-node/BuildIt.Sfu.Node"), ("buildit/room-api", "operator/BuildIt.RoomApi"));
        await Task.WhenAll(machine, redis, coturn, ours);
        string[] images = [await redis, await coturn, .. await ours];
        await (await machine).AddImagesAsync(images);
        _images = images;
    }

    private async Task ClearAsync()
    {
        await EndConferencesAsync();
        if (_fleet is not { } present)
        {
            return;
        }

        _fleet = null;
        try
        {
            await present.RemoveAsync();
        }
        catch
        {
            // Said once; the next test is not to pay for it.
            await EndMachineAsync();
            throw;
        }
    }

    private async Task EndConferencesAsync()
    {
        if (_conferences is { } conferences)
        {
            _conferences = null;
            await conferences.DisposeAsync();
        }
    }

    private async Task EndMachineAsync()
    {
        if (_machine is { } machine)
        {
            (_machine, _fleet, _images) = (null, null, []);
            await machine.DisposeAsync();
        }
    }

    private sealed class ExtraNode(KubernetesMachine machine, int index) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await machine.StopNodeAsync(index);
            await machine.RunToolAsync("kubectl", "delete", "node", $"node-{index}", "--ignore-not-found");
        }
    }
}
