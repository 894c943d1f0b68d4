using System.CommandLine;
using BuildIt.Sfu.Node;
using BuildIt.Sfu.Node.Configuration;

// Signals are the node's own business: a drain takes longer than a command line would wait.
var configuration = new InvocationConfiguration { ProcessTerminationTimeout = null };
return await NodeCommand.Create(NodeApplication.RunAsync).Parse(args).InvokeAsync(configuration);
