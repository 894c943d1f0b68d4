using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace BuildIt.Sfu.Telemetry.Logs;

/// <summary>Logging as all processes have it.</summary>
public static class ProcessLogging
{
    /// <summary>Logs to standard output, and to nothing else, as the settings and the file that they name say.</summary>
    public static ILoggingBuilder AddProcessLogging(this ILoggingBuilder builder, LogSettings settings)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(settings);
        builder.ClearProviders();

        // Set by the name below rather than by the console's own options, which would be read again and again.
        builder.AddConsole(console => console.FormatterName = LineFormatter.Name);
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ConsoleFormatter>(provider => new LineFormatter(settings.Format, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(settings);
        services.AddSingleton(new CurrentLevels(settings.Levels));
        services.AddSingleton<IConfigureOptions<LoggerFilterOptions>>(provider => provider.GetRequiredService<CurrentLevels>());
        services.AddSingleton<IOptionsChangeTokenSource<LoggerFilterOptions>>(provider => provider.GetRequiredService<CurrentLevels>());
        services.AddHostedService<LevelFile>();
        return builder;
    }
}
