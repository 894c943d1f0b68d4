// Two at a time, as many as the cores of a small machine: most of a test is waiting. What measures what the network or a hostile
// client does to media is in groups that run alone.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
