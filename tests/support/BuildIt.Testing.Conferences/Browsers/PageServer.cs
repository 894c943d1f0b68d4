using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;

namespace BuildIt.Testing.Conferences.Browsers;

/// <summary>
/// Serves pages on a loopback port: those of the tests with the unmodified livekit-client from the npm folder, and others as
/// asked. Pages find the room API at the same origin, as behind an application's own front.
/// </summary>
public sealed class PageServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ApiForwarder _forwarder;

    private PageServer(WebApplication application, ApiForwarder forwarder, string url)
    {
        _application = application;
        _forwarder = forwarder;
        Url = url;
    }

    /// <summary>Base address without a trailing slash.</summary>
    public string Url { get; }

    /// <summary>Where <c>/v1</c> leads; null while there is no room API.</summary>
    public Uri? Api
    {
        get => _forwarder.Api;
        set => _forwarder.Api = value;
    }

    /// <param name="port">The port; 0 takes a free one.</param>
    /// <param name="pages">Another folder to serve, before the tests' own.</param>
    /// <param name="configure">Adds more than files.</param>
    public static async Task<PageServer> StartAsync(int port = 0, string? pages = null, Action<WebApplication>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var application = builder.Build();
        application.Urls.Add($"http://127.0.0.1:{port}");
        if (pages is not null)
        {
            var folder = new PhysicalFileProvider(Path.GetFullPath(pages));
            application.UseDefaultFiles(new DefaultFilesOptions { FileProvider = folder });
            application.UseStaticFiles(new StaticFileOptions { FileProvider = folder, ServeUnknownFileTypes = true, DefaultContentType = "text/javascript" });
        }

        application.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = new PhysicalFileProvider(Path.Combine(AppContext.BaseDirectory, "Pages")),
        });
        var sdk = RepositoryRoot.Path("tests", "npm", "livekit", "node_modules", "livekit-client", "dist");
        if (!Directory.Exists(sdk))
        {
            throw new InvalidOperationException("livekit-client is not installed: run 'make deps'.");
        }

        application.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(sdk), RequestPath = "/livekit" });
        var forwarder = new ApiForwarder();
        application.Map("/v1/{**path}", forwarder.ForwardAsync);
        configure?.Invoke(application);
        await application.StartAsync();
        var url = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new PageServer(application, forwarder, url);
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _forwarder.Dispose();
    }
}
