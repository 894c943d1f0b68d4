using System.Text.Json;

namespace BuildIt.Testing.Conferences.Browsers.Firefox;

/// <summary>A new profile folder for one run of Firefox: fake devices, media to this machine itself, and nothing that goes to the network.</summary>
internal sealed class FirefoxProfile : IDisposable
{
    private static readonly Dictionary<string, object> Preferences = new()
    {
        // Camera and microphone are fake and need no permission; what is played needs no click.
        ["media.navigator.streams.fake"] = true,
        ["media.navigator.permission.disabled"] = true,
        ["media.autoplay.default"] = 0,
        ["media.autoplay.blocking_policy"] = 0,

        // Candidates with the addresses of this machine, loopback included.
        ["media.peerconnection.ice.loopback"] = true,
        ["media.peerconnection.ice.obfuscate_host_addresses"] = false,

        // Pages that nobody looks at are not slowed down.
        ["dom.min_background_timeout_value"] = 4,
        ["dom.min_background_timeout_value_without_budget_throttling"] = 4,
        ["dom.timeout.enable_budget_timer_throttling"] = false,
        ["media.suspend-background-video.enabled"] = false,
        ["widget.windows.window_occlusion_tracking.enabled"] = false,

        // No updates, no reports, no pages of its own.
        ["app.update.enabled"] = false,
        ["app.normandy.enabled"] = false,
        ["browser.safebrowsing.malware.enabled"] = false,
        ["browser.safebrowsing.phishing.enabled"] = false,
        ["browser.search.update"] = false,
        ["browser.shell.checkDefaultBrowser"] = false,
        ["browser.startup.page"] = 0,
        ["browser.tabs.crashReporting.sendReport"] = false,
        ["datareporting.healthreport.uploadEnabled"] = false,
        ["datareporting.policy.dataSubmissionEnabled"] = false,
        ["extensions.update.enabled"] = false,
        ["media.gmp-manager.updateEnabled"] = false,
        ["network.captive-portal-service.enabled"] = false,
        ["network.connectivity-service.enabled"] = false,
        ["services.settings.server"] = "data:,",
        ["toolkit.telemetry.enabled"] = false,
        ["toolkit.telemetry.server"] = "",
    };

    public FirefoxProfile()
    {
        Folder = Directory.CreateTempSubdirectory("buildit-firefox-").FullName;
        File.WriteAllLines(
            Path.Combine(Folder, "user.js"),
            Preferences.Select(preference => $"user_pref({JsonSerializer.Serialize(preference.Key)}, {JsonSerializer.Serialize(preference.Value)});"));
    }

    public string Folder { get; }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
