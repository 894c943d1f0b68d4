using System.Text.Json;

namespace BuildIt.Testing.Conferences.Browsers;

/// <summary>A page that reaches nobody but through TURN, as behind a firewall; see Pages/turn-only.js.</summary>
public static class TurnOnly
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The script that makes a page so; it runs before the page's own.</summary>
    /// <param name="protocol">How it may reach the TURN server: udp, tcp or tls.</param>
    public static string Script(string protocol)
    {
        var urls = protocol == "tls" ? "^turns:" : $"^turn:.*transport={protocol}$";
        return $"globalThis.turnOnly = {JsonSerializer.Serialize(new { urls })};\n"
            + File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Pages", "turn-only.js"));
    }

    /// <summary>How the media of each open connection of such a page travels, to the TURN server by udp, tcp or tls, or direct.</summary>
    /// <exception cref="TimeoutException">No connection says so: a browser has moments in which none of its pairs is in use.</exception>
    public static async Task<string[]> WaysAsync(this BrowserParticipant participant)
    {
        string[] ways = [];
        await participant.EventuallyAsync(Patience, async () =>
            (ways = await participant.CallAsync<string[]>("turnOnly.ways()")).Length > 0 ? null : "no connection says how its media travels");
        return ways;
    }
}
