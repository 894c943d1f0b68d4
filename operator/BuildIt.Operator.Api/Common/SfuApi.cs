namespace BuildIt.Operator.Api;

/// <summary>Names that every part of the product uses in the Kubernetes API.</summary>
public static class SfuApi
{
    public const string Group = "sfu.buildit.network";
    public const string Version = "v1alpha1";
    public const string GroupVersion = Group + "/" + Version;

    /// <summary>The category that lists all kinds of the product: <c>kubectl get buildit</c>.</summary>
    public const string Category = "buildit";

    /// <summary>The label on everything made for a fleet: the name of its SfuCluster.</summary>
    public const string ClusterLabel = Group + "/cluster";

    /// <summary>The label that names the revision of the specification a pod was made from.</summary>
    public const string RevisionLabel = Group + "/revision";

    /// <summary>The label that names one SFU instance for its whole life.</summary>
    public const string InstanceLabel = Group + "/instance";

    /// <summary>
    /// The annotation on a ConferenceRoom that lifts its quarantine: the time (RFC 3339) at which a person said so. Deaths before it
    /// do not count any more.
    /// </summary>
    public const string ReleasedAt = Group + "/released-at";

    /// <summary>
    /// The annotation on a ConferenceRoom by which a person has it moved: the name of the pod it is to go to. The operator takes it away
    /// once the room is there, or has said in an Event why it does not go.
    /// </summary>
    public const string MoveTo = Group + "/move-to";

    /// <summary>
    /// The annotation on an SfuCluster that says when it takes a new default image among the others: a whole number, lower ones first.
    /// </summary>
    public const string RolloutOrder = Group + "/rollout-order";

    /// <summary>
    /// The annotation on a ConferenceRoom that says which request made it, where that is traced: a traceparent (W3C Trace Context).
    /// </summary>
    public const string Traceparent = Group + "/traceparent";

    /// <summary>The finalizer that lets the operator release what Kubernetes does not collect by itself.</summary>
    public const string Finalizer = Group + "/finalizer";
}
