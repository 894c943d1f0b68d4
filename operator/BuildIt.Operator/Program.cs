using BuildIt.Operator.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

if (OperatorSettings.Read(Environment.GetEnvironmentVariable, out var faults) is not { } settings)
{
    foreach (var fault in faults)
    {
        await Console.Error.WriteLineAsync(fault);
    }

    return 2;
}

var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
// Every probe and admission request would be four lines.
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
builder.Logging.SetMinimumLevel(settings.LogLevel).AddFilter("Microsoft", LogLevel.Warning).AddSimpleConsole(console =>
{
    console.SingleLine = true;
    console.UseUtcTimestamp = true;
    console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
});
builder.Services.AddSfuOperator(settings);
using var host = builder.Build();
await host.RunAsync();
return Environment.ExitCode;
