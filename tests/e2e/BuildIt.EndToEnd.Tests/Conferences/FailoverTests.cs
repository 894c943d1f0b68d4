using System.Globalization;
using BuildIt.EndToEnd.Tests.Fleets;
using BuildIt.Operator.Api;
using BuildIt.Testing;
using BuildIt.Testing.Conferences.Browsers;
using BuildIt.Testing.Conferences.Rooms;
using Xunit.Abstractions;

namespace BuildIt.EndToEnd.Tests.Conferences;

/// <summary>A conference outlives the pod that serves it: nobody has to reload.</summary>
[Collection(FleetCollection.Name)]
public sealed class FailoverTests(Installations installations, ITestOutputHelper output)
{
    /// <summary>How often the serving pod is killed. "make failover" kills it ten times, for a median worth the name.</summary>
    private static readonly int Kills =
        int.Parse(Environment.GetEnvironmentVariable("BUILDIT_FAILOVER_KILLS") ?? "3", CultureInfo.InvariantCulture);

    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(60);

    /// <summary>
    /// What has to hold on any machine, however busy. How fast the return is on a given one is a measurement: it is
    /// printed, and never asserted.
    /// </summary>
    private static readonly TimeSpan ReturnPatience = TimeSpan.FromSeconds(30);

    /// <summary>What was on its way when the process ended has arrived after this time, and nobody can be back.</summary>
    private static readonly TimeSpan Drain = TimeSpan.FromMilliseconds(300);

    [RootFact]
    public async Task MediaFlowsAgainAfterTheServingPodIsKilled()
    {
        var fleet = await installations.ConferencesAsync();
        await using var conference = await Conference.MeetAsync(fleet, browsers: 2, headless: 4);
        var met = await conference.Gathering.MediaFlowsAsync(JoinPatience);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"everybody sees and hears everybody after {met.Max(each => each.After).TotalSeconds:F1} s"));

        var times = new List<TimeSpan>();
        for (var kill = 1; kill <= Kills; kill++)
        {
            await fleet.Fleet.SettledAsync(2);
            times.Add(await KillAsync(fleet, conference, kill));
        }

        var median = times.Order().Skip((Kills - 1) / 2).Take(2 - (Kills % 2)).Average(time => time.TotalSeconds);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"median {median:F2} s, longest {times.Max().TotalSeconds:F2} s"));
        Assert.All(conference.Gathering.Headless, participant => Assert.Null(participant.Fault));
    }

    /// <summary>Kills the pod that serves the room and waits until all media flows again.</summary>
    /// <returns>How long it did not.</returns>
    private async Task<TimeSpan> KillAsync(ConferenceFleet fleet, Conference conference, int kill)
    {
        var clock = TimeProvider.System;
        var victim = (await fleet.PodOfAsync(conference.Room)).Metadata;
        await conference.Gathering.ForgetEventsAsync();
        var since = clock.GetTimestamp();
        await fleet.Fleet.Machine.KillPodAsync(victim.Uid);
        var placed = PlacedElsewhereAsync(fleet, conference.Room, victim.Name, since);
        await Task.Delay(Drain);
        IReadOnlyList<Completion> back;
        try
        {
            back = await conference.Gathering.MediaFlowsAsync(ReturnPatience, since);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"kill {kill}: {late.Message}\n{await DescribeAsync(fleet)}", late);
        }

        var browsers = back.Where((_, i) => conference.Gathering.Attendees[i] is BrowserAttendee).Max(each => each.After);
        var headless = back.Where((_, i) => conference.Gathering.Attendees[i] is HeadlessAttendee).Max(each => each.After);
        var last = back.MaxBy(each => each.After);
        var placedAfter = await placed;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"kill {kill,2}: {last.After.TotalSeconds:F2} s (browsers {browsers.TotalSeconds:F2}, headless {headless.TotalSeconds:F2}; room placed again after {placedAfter.TotalSeconds:F2}; last {last})"));
        foreach (var browser in conference.Gathering.Browsers)
        {
            output.WriteLine($"    {await browser.CallAsync<string>("harness.story()")}");
        }

        return last.After;
    }

    private static async Task<TimeSpan> PlacedElsewhereAsync(ConferenceFleet fleet, string room, string victim, long since)
    {
        while (true)
        {
            var status = (await fleet.ReadRoomAsync(room)).Status!;
            var elapsed = TimeProvider.System.GetElapsedTime(since);
            if (elapsed > ReturnPatience || (status.Assignments.Count > 0 && status.Assignments.All(each => each.Instance != victim)))
            {
                return elapsed;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }

    private static async Task<string> DescribeAsync(ConferenceFleet fleet) => string.Join(
        '\n',
        [
            await fleet.Fleet.KubectlAsync("get", "pods,conferencerooms", "-o", "wide"),
            await fleet.Fleet.KubectlAsync("describe", "conferencerooms"),
            await fleet.Fleet.KubectlAsync("logs", "-l", SfuApi.ClusterLabel, "--tail", "40"),
            await fleet.Fleet.KubectlAsync("get", "pods", "-o", "jsonpath={.items[*].status.containerStatuses}"),
        ]);
}
