using System.CommandLine;
using System.Runtime.InteropServices;
using BuildIt.Demo;

// Started by scripts/demo.sh, which installs what this talks to, and ended by a signal.
var api = new Option<string>("--api") { Description = "Where the room API is", Required = true };
var port = new Option<int>("--port") { Description = "Port of the page", Required = true };
var pages = new Option<string>("--pages") { Description = "Folder into which the page is built", Required = true };
var browsers = new Option<int>("--browsers") { Description = "Browsers in the call", DefaultValueFactory = _ => 3 };
var regions = new Option<string[]>("--region") { Description = "A region through which some of them connect; may be given several times", DefaultValueFactory = _ => [] };
var command = new RootCommand("A call of browsers, and the page on which to join it") { api, port, pages, browsers, regions };
command.SetAction(async (parsed, cancellation) =>
{
    var ended = new TaskCompletionSource();
    using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
    {
        context.Cancel = true;
        ended.TrySetResult();
    });
    await using var call = await DemoCall.StartAsync(
        new Uri(parsed.GetValue(api)!), parsed.GetValue(port), parsed.GetValue(pages)!, parsed.GetValue(browsers), parsed.GetValue(regions)!);
    await call.MakeAsync();
    await Task.WhenAny(ended.Task, Task.Delay(Timeout.Infinite, cancellation));
});
return await command.Parse(args).InvokeAsync();
