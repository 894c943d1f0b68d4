using BuildIt.Operator.Hosting;
using BuildIt.Sfu.Telemetry.Logs;
using BuildIt.Sfu.Telemetry.Traces;
using Microsoft.Extensions.Hosting;

if (OperatorSettings.Read(Environment.GetEnvironmentVariable, out var faults) is not { } settings)
{
    foreach (var fault in faults)
    {
        await Console.Error.WriteLineAsync(fault);
    }

    return 2;
}

var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
builder.Logging.AddProcessLogging(settings.Telemetry.Logs);
builder.Services.AddProcessTracing(settings.Telemetry.Tracing, OperatorSettings.ComponentName, settings.PodName);
builder.Services.AddSfuOperator(settings);
using var host = builder.Build();
await host.RunAsync();
return Environment.ExitCode;
