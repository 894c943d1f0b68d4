using BuildIt.Sfu.Fuzz.Engine;
using BuildIt.Sfu.Fuzz.Targets;

namespace BuildIt.Sfu.Fuzz.Tests.Targets;

/// <summary>Every input that fuzzing found worth keeping, again.</summary>
public class CorpusTests
{
    public static TheoryData<string> Names => [.. FuzzTargets.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Corpus_shows_no_fault(string name)
    {
        var target = FuzzTargets.Create(name);
        var inputs = target.Seeds.Concat(Corpus.Load(name)).ToList();

        Assert.All(inputs, input => Assert.Null(Execution.Try(target, input)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Corpus_is_there_and_small(string name)
    {
        var corpus = Corpus.Load(name);

        Assert.InRange(corpus.Count, 10, Corpus.MaxInputs);
        Assert.All(corpus, input => Assert.True(input.Length <= 4096));
        Assert.Equal(name, FuzzTargets.Create(name).Name);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Seeds_mutated_without_guidance_show_no_fault(string name)
    {
        var report = new FuzzLoop(FuzzTargets.Create(name), seed: 5).Run(1_000, TimeSpan.FromMinutes(1));

        Assert.Empty(report.Faults.Values.Select(fault => fault.Fault.Text));
        Assert.Equal(1_000, report.Inputs);
    }
}
