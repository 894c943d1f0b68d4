using BuildIt.Testing.Documents;

namespace BuildIt.Architecture.Tests.Commands;

/// <summary>Commands of documents are read as a shell reads them.</summary>
public class CommandLineTests
{
    [Theory]
    [InlineData("kubectl get pods   # all of them", "kubectl,get,pods")]
    [InlineData("kubectl patch sfu main -p '{\"spec\": {}}'", "kubectl,patch,sfu,main,-p,{\"spec\": {}}")]
    [InlineData("helm install a \\\n  --set b=c", "helm,install,a,--set,b=c")]
    [InlineData("kubectl create secret --from-literal=\"k=$(head -c 3 x | base64)\"", "kubectl,create,secret,--from-literal=k=$(head -c 3 x | base64)")]
    [InlineData("kubectl sfu completion > kubectl_complete-sfu", "kubectl,sfu,completion")]
    [InlineData("echo a#b", "echo,a#b")]
    public void Words_are_without_quotes_comments_and_files(string script, string words) =>
        Assert.Equal(words.Split(','), Assert.Single(CommandLine.Read(script)).Words);

    [Fact]
    public void A_pipe_and_a_line_end_a_command_and_a_variable_is_none() =>
        Assert.Equal(["helm template", "kubectl apply -f -", "make test"], CommandLine.Read("secret=\"$(date)\"\nhelm template | kubectl apply -f -\n\n# so\nmake test").Select(command => command.Text));

    [Fact]
    public void Options_have_their_values()
    {
        var command = Assert.Single(CommandLine.Read("kubectl apply -n a --server-side -f crds/ --timeout=2m x"));
        Assert.Equal(["apply", "x"], command.Plain(new HashSet<string>(["--server-side"])));
        Assert.Equal(["crds/"], command.Values("-f", "--filename"));
        Assert.Equal(["2m"], command.Values("--timeout"));
        Assert.Equal(["-n", "--server-side", "-f", "--timeout"], command.Options);
    }
}
