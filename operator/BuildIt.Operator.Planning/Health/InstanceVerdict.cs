namespace BuildIt.Operator.Planning.Health;

/// <summary>What is believed about one instance, and why.</summary>
public readonly record struct InstanceVerdict(string Instance, Liveness Liveness, string Reason);

/// <summary>Whether an instance lives.</summary>
public enum Liveness
{
    /// <summary>It has not been ready yet.</summary>
    Starting,
    Alive,

    /// <summary>One witness says it is dead. It keeps what it has and gets nothing new.</summary>
    Suspect,

    /// <summary>Its process has ended and Kubernetes starts it again. It has lost what it had, and gets nothing new until it is back.</summary>
    Restarting,

    /// <summary>Two witnesses say it is dead, or Kubernetes does.</summary>
    Dead,

    /// <summary>It was deleted or has ended well, and is on its way out.</summary>
    Leaving,
}
