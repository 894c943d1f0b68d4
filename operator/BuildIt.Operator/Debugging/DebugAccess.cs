using BuildIt.Operator.Api;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Client;
using k8s.Models;

namespace BuildIt.Operator.Debugging;

/// <summary>
/// Decides who may ask for reasons: Kubernetes says whose a token is (TokenReview), and whether they may "get" the subresource
/// "debug" of the object (SubjectAccessReview). Any thread.
/// </summary>
internal sealed class DebugAccess(ApiClient client) : IDisposable
{
    /// <summary>Reviews at the same time: whoever knocks without a right must not keep the API server busy.</summary>
    private readonly SemaphoreSlim _turns = new(4);

    /// <summary>Asks Kubernetes.</summary>
    /// <param name="token">What the caller gave; null when nothing.</param>
    /// <param name="resource">The plural of the object's kind.</param>
    /// <param name="key">The object.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<DebugVerdict> ReviewAsync(string? token, string resource, ObjectKey key, CancellationToken cancellation)
    {
        if (string.IsNullOrEmpty(token))
        {
            return new DebugVerdict(401, $"send a token for the audience {DebugApi.Audience} in the header {DebugApi.TokenHeader}; kubectl sfu does");
        }

        if (!await _turns.WaitAsync(TimeSpan.FromSeconds(5), cancellation).ConfigureAwait(false))
        {
            return new DebugVerdict(429, "too many ask at the same time; try again");
        }

        try
        {
            return await AskAsync(token, resource, key, cancellation).ConfigureAwait(false);
        }
        catch (WriteFencedException)
        {
            return new DebugVerdict(503, "this replica does not lead; ask the one that does");
        }
        catch (ApiException refused)
        {
            return new DebugVerdict(503, $"the operator cannot ask Kubernetes who you are: {refused.Message}");
        }
        catch (Exception silent) when (silent is HttpRequestException or TimeoutException)
        {
            return new DebugVerdict(503, "the operator cannot ask Kubernetes who you are: it does not answer");
        }
        finally
        {
            _turns.Release();
        }
    }

    public void Dispose() => _turns.Dispose();

    private async Task<DebugVerdict> AskAsync(string token, string resource, ObjectKey key, CancellationToken cancellation)
    {
        var review = await client.CreateAsync(
            new TokenReview { Spec = new V1TokenReviewSpec { Token = token, Audiences = [DebugApi.Audience] } },
            cancellation).ConfigureAwait(false);

        // A server that knows no audiences names none back, and would take a token that was made for somebody else.
        if (review.Status is not { Authenticated: true, User: { } user } status || status.Audiences?.Contains(DebugApi.Audience) != true)
        {
            return new DebugVerdict(401, $"Kubernetes does not know this token, or it is not for the audience {DebugApi.Audience}");
        }

        var access = await client.CreateAsync(
            new SubjectAccessReview
            {
                Spec = new V1SubjectAccessReviewSpec
                {
                    User = user.Username,
                    Uid = user.Uid,
                    Groups = user.Groups,
                    Extra = user.Extra,
                    ResourceAttributes = new V1ResourceAttributes
                    {
                        Verb = "get",
                        Group = SfuApi.Group,
                        Version = SfuApi.Version,
                        Resource = resource,
                        Subresource = DebugApi.Subresource,
                        NamespaceProperty = key.Namespace,
                        Name = key.Name,
                    },
                },
            },
            cancellation).ConfigureAwait(false);
        return access.Status is { Allowed: true }
            ? DebugVerdict.Granted
            : new DebugVerdict(403, $"{user.Username} may not get {resource}/{DebugApi.Subresource} of {key}");
    }
}

/// <summary>Whether a caller is answered.</summary>
/// <param name="Status">200, or the HTTP status of the refusal.</param>
/// <param name="Reason">What to do about it.</param>
internal sealed record DebugVerdict(int Status, string Reason)
{
    public static readonly DebugVerdict Granted = new(200, string.Empty);

    public bool IsGranted => Status == 200;
}
