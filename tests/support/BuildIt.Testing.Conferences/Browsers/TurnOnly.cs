using System.Text.Json;

namespace BuildIt.Testing.Conferences.Browsers;

/// <summary>A page that reaches nobody but through TURN, as behind a firewall; see Pages/turn-only.js.</summary>
public static class TurnOnly
{
    /// <summary>The script that makes a page so; it runs before the page's own.</summary>
    /// <param name="protocol">How it may reach the TURN server: udp, tcp or tls.</param>
    public static string Script(string protocol)
    {
        var urls = protocol == "tls" ? "^turns:" : $"^turn:.*transport={protocol}$";
        return $"globalThis.turnOnly = {JsonSerializer.Serialize(new { urls })};\n"
            + File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Pages", "turn-only.js"));
    }

    /// <summary>How the media of each open connection of such a page travels, to the TURN server by udp, tcp or tls, or direct.</summary>
    public static Task<string[]> WaysAsync(this BrowserParticipant participant) => participant.CallAsync<string[]>("turnOnly.ways()");
}
