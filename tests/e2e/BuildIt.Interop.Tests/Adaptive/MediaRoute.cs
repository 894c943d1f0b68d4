using System.Text.Json;

namespace BuildIt.Interop.Tests.Adaptive;

/// <summary>Leads one page's media another way than to the node's own UDP port; see Pages/route-media.js.</summary>
internal static class MediaRoute
{
    /// <summary>Script that sends UDP to <paramref name="udpPort"/>, and keeps TCP as a way out when <paramref name="tcp"/> is true.</summary>
    public static string Script(int udpPort, bool tcp = false) =>
        $"const mediaRoute = {JsonSerializer.Serialize(new { udpPort, tcp })};\n"
        + File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Pages", "route-media.js"));
}
