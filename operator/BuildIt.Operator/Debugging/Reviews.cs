using k8s;
using k8s.Models;

namespace BuildIt.Operator.Debugging;

/// <summary>A question about a token (authentication.k8s.io/v1). It is answered and never stored.</summary>
[KubernetesEntity(Group = "authentication.k8s.io", ApiVersion = "v1", Kind = "TokenReview", PluralName = "tokenreviews")]
internal sealed class TokenReview : IKubernetesObject<V1ObjectMeta>
{
    public string ApiVersion { get; set; } = "authentication.k8s.io/v1";

    public string Kind { get; set; } = "TokenReview";

    public V1ObjectMeta Metadata { get; set; } = new();

    public V1TokenReviewSpec Spec { get; set; } = new();

    public V1TokenReviewStatus? Status { get; set; }
}

/// <summary>A question about somebody's right (authorization.k8s.io/v1). It is answered and never stored.</summary>
[KubernetesEntity(Group = "authorization.k8s.io", ApiVersion = "v1", Kind = "SubjectAccessReview", PluralName = "subjectaccessreviews")]
internal sealed class SubjectAccessReview : IKubernetesObject<V1ObjectMeta>
{
    public string ApiVersion { get; set; } = "authorization.k8s.io/v1";

    public string Kind { get; set; } = "SubjectAccessReview";

    public V1ObjectMeta Metadata { get; set; } = new();

    public V1SubjectAccessReviewSpec Spec { get; set; } = new();

    public V1SubjectAccessReviewStatus? Status { get; set; }
}
