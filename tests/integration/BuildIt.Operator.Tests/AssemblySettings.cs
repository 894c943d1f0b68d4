// Most of the time these tests wait for processes that are not theirs.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]

// The benchmark measures in the same world.
[assembly: System.Runtime.CompilerServices.InternalsVisibleTo("BuildIt.Operator.Bench")]
