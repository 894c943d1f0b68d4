using BuildIt.KubectlSfu.Commands;

return await SfuCommand.RunAsync(args, Console.Out, Console.Error, CancellationToken.None);
