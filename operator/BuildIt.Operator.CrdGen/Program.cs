using BuildIt.Operator.CrdGen;

// Usage: BuildIt.Operator.CrdGen [--check] [root]
// Writes the CustomResourceDefinitions, or with --check says which are out of date and fails.
var check = args.Contains("--check");
var root = args.FirstOrDefault(a => !a.StartsWith('-')) ?? CrdFiles.FindRoot(Environment.CurrentDirectory);
if (root is null)
{
    Console.Error.WriteLine("Run this inside the repository, or name its root.");
    return 2;
}

if (check)
{
    var stale = CrdFiles.Stale(root);
    foreach (var path in stale)
    {
        Console.Error.WriteLine($"{path} is out of date; run 'make crds'");
    }

    return stale.Count == 0 ? 0 : 1;
}

foreach (var path in CrdFiles.Write(root))
{
    Console.WriteLine($"wrote {path}");
}

return 0;
