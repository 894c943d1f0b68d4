namespace BuildIt.Operator.Runtime.Admission;

/// <summary>Where the admission server listens and what it calls its certificates.</summary>
public sealed record AdmissionOptions
{
    /// <summary>TCP port; 0 for any free one.</summary>
    public int Port { get; init; } = 9443;

    /// <summary>DNS names and IP addresses at which the API server calls.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>The Secret that the replicas share.</summary>
    public required string SecretNamespace { get; init; }

    public required string SecretName { get; init; }

    /// <summary>The ValidatingWebhookConfiguration whose caBundle is kept true.</summary>
    public required string WebhookConfiguration { get; init; }

    public CertificateLifetimes Lifetimes { get; init; } = new();

    /// <summary>How often the Secret and the configuration are looked at.</summary>
    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromSeconds(30);
}
