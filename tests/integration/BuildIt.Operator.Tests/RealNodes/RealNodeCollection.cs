using BuildIt.Operator.Tests.Harness;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>
/// Tests with real nodes run one after the other, when all others are done: a call on a machine that has better things to do would
/// show gaps that are nobody's fault.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RealNodeCollection : ICollectionFixture<OperatorFixture>
{
    public const string Name = "Real nodes";
}
