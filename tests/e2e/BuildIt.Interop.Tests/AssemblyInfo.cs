// Browsers and native stacks at once would measure the machine, not the node.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
