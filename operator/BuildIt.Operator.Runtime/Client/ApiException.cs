using System.Net;

namespace BuildIt.Operator.Runtime.Client;

/// <summary>The Kubernetes API refused a call.</summary>
public sealed class ApiException(HttpStatusCode code, string reason, string message)
    : Exception(message)
{
    public HttpStatusCode Code { get; } = code;

    /// <summary>The machine-readable reason, for example AlreadyExists; empty when there is none.</summary>
    public string Reason { get; } = reason;

    /// <summary>How long a server that is too busy (429) asks to be left alone; null when it did not say or was not.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public bool IsNotFound => Code == HttpStatusCode.NotFound;

    public bool IsConflict => Code == HttpStatusCode.Conflict;

    /// <summary>The resource version asked for is no longer known (410): list again.</summary>
    public bool IsGone => Code == HttpStatusCode.Gone || Reason == "Expired";
}

/// <summary>A write was held back because this process no longer leads.</summary>
public sealed class WriteFencedException() : InvalidOperationException("This process does not lead; it must not write.");
