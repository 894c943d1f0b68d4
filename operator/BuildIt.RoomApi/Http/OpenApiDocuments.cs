using Microsoft.OpenApi;

namespace BuildIt.RoomApi.Http;

/// <summary>The OpenAPI document of the service, at <c>/openapi/v1.json</c>.</summary>
internal static class OpenApiDocuments
{
    public const string Name = "v1";

    private const string Nostr = "nostr";

    public static void AddRoomApiDocument(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.DefaultIgnoreCondition = StrictJson.Options.DefaultIgnoreCondition;
            json.SerializerOptions.NumberHandling = StrictJson.Options.NumberHandling;
            json.SerializerOptions.UnmappedMemberHandling = StrictJson.Options.UnmappedMemberHandling;
        });
        services.AddOpenApi(Name, options => options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "BuildIt room API",
                Version = "1",
                Description = "Creates end-to-end encrypted conference rooms and gives out the tokens to join them. Errors are problem+json (RFC 9457) whose detail says what to do.",
            };

            // Where it is served is for the deployment to say.
            document.Servers?.Clear();
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes[Nostr] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "Nostr",
                Description = "NIP-98: base64 of a signed event of kind 27235 with the tags u, method and, with a body, payload. Each event counts once.",
            };
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Nostr, document)] = [] }];
            return Task.CompletedTask;
        }));
    }
}
