using BuildIt.Sfu.Node;
using BuildIt.Sfu.Node.Configuration;

return await NodeCommand.Create(NodeApplication.RunAsync).Parse(args).InvokeAsync();
