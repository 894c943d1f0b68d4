using BuildIt.RoomApi;
using BuildIt.RoomApi.Configuration;

var reader = new SettingsReader(Environment.GetEnvironmentVariable);
if (!reader.TryRead(out var settings))
{
    await Console.Error.WriteLineAsync("The room-api cannot start:");
    foreach (var fault in reader.Faults)
    {
        await Console.Error.WriteLineAsync($"  {fault}");
    }

    return 2;
}

await using var app = await RoomApiHost.BuildAsync(settings);
await app.RunAsync();
return 0;
