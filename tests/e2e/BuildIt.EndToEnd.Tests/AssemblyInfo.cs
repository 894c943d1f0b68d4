// Each starts a whole Kubernetes, and some measure time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
