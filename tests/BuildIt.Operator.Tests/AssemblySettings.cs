// Most of the time these tests wait for processes that are not theirs.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
