namespace BuildIt.Operator.Runtime.Webhooks;

/// <summary>Where the webhook server listens and what it calls its certificates.</summary>
public sealed record WebhookOptions
{
    /// <summary>TCP port; 0 for any free one.</summary>
    public int Port { get; init; } = 9443;

    /// <summary>
    /// For how long it is still answered once the process is asked to end: the Service by which the API server calls leads to a pod for a
    /// moment after its end has begun.
    /// </summary>
    public TimeSpan ShutdownDelay { get; init; }

    /// <summary>DNS names and IP addresses at which the API server calls.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>The Secret that the replicas share.</summary>
    public required string SecretNamespace { get; init; }

    public required string SecretName { get; init; }

    /// <summary>The ValidatingWebhookConfiguration whose caBundle is kept true, as are those of definitions that are converted.</summary>
    public required string WebhookConfiguration { get; init; }

    public CertificateLifetimes Lifetimes { get; init; } = new();

    /// <summary>How often the Secret and what trusts it are looked at.</summary>
    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromSeconds(30);
}
