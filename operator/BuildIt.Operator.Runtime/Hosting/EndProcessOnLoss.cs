using BuildIt.Operator.Runtime.Leadership;
using Microsoft.Extensions.Hosting;

namespace BuildIt.Operator.Runtime.Hosting;

/// <summary>Ends the process when leadership is lost: in order if that is quick, at once if not.</summary>
internal sealed class EndProcessOnLoss(IHostApplicationLifetime lifetime) : ILeadershipLoss
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public void OnLost()
    {
        Environment.ExitCode = 1;
        var last = new Thread(() =>
        {
            Thread.Sleep(Patience);
            Environment.Exit(1);
        })
        {
            IsBackground = true,
            Name = "end after lost leadership",
        };
        last.Start();
        lifetime.StopApplication();
    }
}
