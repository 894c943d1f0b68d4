using System.Globalization;
using BuildIt.Operator.Api.Units;
using BuildIt.Operator.Rooms;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Telemetry;
using BuildIt.Sfu.Telemetry.Logs;

namespace BuildIt.Operator.Hosting;

/// <summary>How the operator is configured: by environment variables, all of them beginning with <see cref="Prefix"/>.</summary>
public sealed record OperatorSettings
{
    public const string Prefix = "BUILDIT_OPERATOR_";

    /// <summary>Field manager and source of Events.</summary>
    public const string ComponentName = "buildit-sfu-operator";

    /// <summary>NAMESPACE: the operator's own namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>NODE_IMAGE: the image of nodes whose fleet names none.</summary>
    public required string NodeImage { get; init; }

    /// <summary>POD_NAME: this process among the replicas.</summary>
    public string PodName { get; init; } = Environment.MachineName;

    /// <summary>WATCH_NAMESPACE: the only namespace watched; null for all.</summary>
    public string? WatchNamespace { get; init; }

    /// <summary>LEASE: by which one of the replicas leads. Installations that share a namespace each have their own.</summary>
    public string Lease { get; init; } = ComponentName;

    /// <summary>HTTP_PORT: health and metrics, plain HTTP; 0 for any free port.</summary>
    public int HttpPort { get; init; } = 8080;

    /// <summary>WEBHOOK_SERVICE: the Service at which the API server calls; null for no webhook.</summary>
    public string? WebhookService { get; init; }

    /// <summary>WEBHOOK_NAMES: further names and addresses in the webhook's certificate, separated by commas; for an operator outside the cluster.</summary>
    public IReadOnlyList<string> WebhookNames { get; init; } = [];

    /// <summary>WEBHOOK_PORT: HTTPS; 0 for any free port.</summary>
    public int WebhookPort { get; init; } = 9443;

    /// <summary>SHUTDOWN_DELAY: for how long the webhook still answers once the process is asked to end.</summary>
    public TimeSpan ShutdownDelay { get; init; }

    /// <summary>WEBHOOK_SECRET: where the replicas keep the webhook's certificates.</summary>
    public string WebhookSecret { get; init; } = "buildit-sfu-webhook";

    /// <summary>WEBHOOK_CONFIGURATION: the ValidatingWebhookConfiguration whose caBundle is kept true.</summary>
    public string WebhookConfiguration { get; init; } = "buildit-sfu";

    /// <summary>ROLLOUT_PAUSE: how long a fleet has to have been well with a new default image before the next one takes it, such as 5m.</summary>
    public TimeSpan RolloutPause { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>USAGE_WEBHOOK: the URL that is told what each conference has used, and USAGE_WEBHOOK_SECRET_FILE: the file with what signs it.</summary>
    public UsageWebhookSettings UsageWebhook { get; init; } = UsageWebhookSettings.None;

    /// <summary>LOG_LEVEL, LOG_LEVEL_FILE and LOG_FORMAT, and OpenTelemetry's own variables.</summary>
    public TelemetrySettings Telemetry { get; init; } = new();

    /// <summary>Variables of nodes that are made from now on: they log and trace as the operator does.</summary>
    public IReadOnlyDictionary<string, string> NodeVariables
    {
        get
        {
            var variables = new Dictionary<string, string>(Telemetry.Tracing?.Variables ?? new Dictionary<string, string>(), StringComparer.Ordinal);
            if (Telemetry.Logs.Format is not LogFormat.Json)
            {
                variables[NodeEnvironment.Prefix + LogSettings.FormatVariable] = Telemetry.Logs.Format.ToString().ToLowerInvariant();
            }

            return variables;
        }
    }

    /// <summary>KUBECONFIG: how to reach the API server from outside the cluster; null for as in a pod, else as kubectl does.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>Reads the settings.</summary>
    /// <param name="variable">Gives the value of an environment variable.</param>
    /// <param name="faults">Everything that is wrong, each as a sentence that says what to set; empty when all is well.</param>
    public static OperatorSettings? Read(Func<string, string?> variable, out IReadOnlyList<string> faults)
    {
        var problems = new List<string>();
        var settings = new OperatorSettings
        {
            Namespace = Required("NAMESPACE", "the namespace the operator runs in"),
            NodeImage = Required("NODE_IMAGE", "the image of the SFU node"),
            PodName = Text("POD_NAME") ?? Environment.MachineName,
            WatchNamespace = Text("WATCH_NAMESPACE"),
            Lease = Text("LEASE") ?? ComponentName,
            HttpPort = Port("HTTP_PORT", 8080),
            WebhookService = Text("WEBHOOK_SERVICE"),
            WebhookNames = Text("WEBHOOK_NAMES")?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [],
            WebhookPort = Port("WEBHOOK_PORT", 9443),
            ShutdownDelay = Duration("SHUTDOWN_DELAY", TimeSpan.Zero),
            WebhookSecret = Text("WEBHOOK_SECRET") ?? "buildit-sfu-webhook",
            WebhookConfiguration = Text("WEBHOOK_CONFIGURATION") ?? "buildit-sfu",
            RolloutPause = Duration("ROLLOUT_PAUSE", TimeSpan.FromMinutes(1)),
            UsageWebhook = Webhook(),
            Telemetry = TelemetrySettings.Read(Prefix, variable, LogFormat.Json, problems),
            Kubeconfig = Text("KUBECONFIG"),
        };
        faults = problems;
        return problems.Count == 0 ? settings : null;

        string? Text(string name) => variable(Prefix + name) is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;

        string Required(string name, string what)
        {
            if (Text(name) is { } value)
            {
                return value;
            }

            problems.Add($"{Prefix}{name} is not set; it names {what}");
            return string.Empty;
        }

        int Port(string name, int standard)
        {
            if (Text(name) is not { } text)
            {
                return standard;
            }

            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535)
            {
                return port;
            }

            problems.Add($"{Prefix}{name} is \"{text}\"; it must be a port from 0 to 65535");
            return standard;
        }

        TimeSpan Duration(string name, TimeSpan standard)
        {
            if (Text(name) is not { } text)
            {
                return standard;
            }

            if (((KubeDuration)text).TryGet(out var duration))
            {
                return duration;
            }

            problems.Add($"{Prefix}{name} is \"{text}\"; it must be a duration such as 30s or 5m");
            return standard;
        }

        UsageWebhookSettings Webhook()
        {
            if (Text("USAGE_WEBHOOK") is not { } text)
            {
                return UsageWebhookSettings.None;
            }

            if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            {
                problems.Add($"{Prefix}USAGE_WEBHOOK is \"{text}\"; it must be an http or https URL");
                return UsageWebhookSettings.None;
            }

            var secret = Array.Empty<byte>();
            try
            {
                secret = Required("USAGE_WEBHOOK_SECRET_FILE", "the file with the secret that signs what the usage webhook is sent") is { Length: > 0 } path ? File.ReadAllBytes(path) : [];
            }
            catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
            {
                problems.Add($"{Prefix}USAGE_WEBHOOK_SECRET_FILE cannot be read: {unreadable.Message}");
                return UsageWebhookSettings.None;
            }

            if (secret.Length is > 0 and < UsageWebhookSettings.ShortestSecret)
            {
                problems.Add($"{Prefix}USAGE_WEBHOOK_SECRET_FILE holds {secret.Length} bytes; a secret has at least {UsageWebhookSettings.ShortestSecret}");
            }

            return new UsageWebhookSettings(url, secret);
        }
    }
}
