using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;

namespace BuildIt.Interop.Tests.Browser;

/// <summary>Serves the test page and the unmodified livekit-client from the npm folder, on a free loopback port.</summary>
public sealed class PageServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private PageServer(WebApplication application, string url)
    {
        _application = application;
        Url = url;
    }

    /// <summary>Base address without a trailing slash.</summary>
    public string Url { get; }

    public static async Task<PageServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var application = builder.Build();
        application.Urls.Add("http://127.0.0.1:0");
        application.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = new PhysicalFileProvider(Path.Combine(AppContext.BaseDirectory, "Pages")),
        });
        var sdk = Path.Combine(InteropPaths.NpmFolder, "node_modules", "livekit-client", "dist");
        if (!Directory.Exists(sdk))
        {
            throw new InvalidOperationException("livekit-client is not installed: run 'make deps'.");
        }

        application.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(sdk), RequestPath = "/livekit" });
        await application.StartAsync();
        var url = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new PageServer(application, url);
    }

    public async ValueTask DisposeAsync() => await _application.DisposeAsync();
}
