using System.Runtime.InteropServices;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.State;

namespace BuildIt.Sfu.Node.Operations;

/// <summary>
/// SIGTERM starts a drain: no new rooms, those here go on until they are empty or the deadline has come, then the process ends
/// by itself. A second SIGTERM, or an interrupt from the keyboard, ends it at once.
/// </summary>
public sealed partial class TerminationHandler(
    NodeSettings settings,
    NodeLifecycle lifecycle,
    IHostApplicationLifetime application,
    TimeProvider time,
    ILogger<TerminationHandler> logger) : IHostLifetime, IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _signals;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            application.StopApplication();
        }));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _registrations.ForEach(registration => registration.Dispose());

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _signals) > 1)
        {
            LogForced();
            application.StopApplication();
            return;
        }

        var command = new DrainCommand
        {
            Mode = DrainMode.Wait,
            Deadline = time.GetUtcNow() + settings.DrainDeadline,
            ExitWhenEmpty = true,
            Reason = "the process was asked to end",
        };
        LogDraining(command.Deadline);
        lifecycle.Drain(command, time.GetUtcNow());
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Asked to end: draining until {Deadline:u}; ask again to end at once")]
    private partial void LogDraining(DateTimeOffset deadline);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Asked to end a second time: ending now")]
    private partial void LogForced();
}
