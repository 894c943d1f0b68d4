using YamlDotNet.Serialization;

namespace BuildIt.Operator.CrdGen;

/// <summary>The generated files and where they belong.</summary>
public static class CrdFiles
{
    private const string Header = "# Generated from BuildIt.Operator.Api by BuildIt.Operator.CrdGen (make crds). Do not edit.\n";

    /// <summary>Folders of the definitions; those without rules are for servers before 1.25.</summary>
    private static readonly (string Path, bool WithRules)[] Folders =
    [
        ("crds", true),
        ("crds/without-rules", false),
        ("charts/buildit-sfu/files/crds", true),
        ("charts/buildit-sfu/files/crds-without-rules", false),
    ];

    /// <summary>Every file with its text, by its path below the repository's root.</summary>
    public static IReadOnlyDictionary<string, string> Render()
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var kind in CrdDocument.Kinds)
        {
            foreach (var (folder, withRules) in Folders)
            {
                files[$"{folder}/{CrdDocument.FileName(kind)}"] = ToYaml(CrdDocument.Build(kind, withRules));
            }
        }

        return files;
    }

    /// <summary>Writes the files that differ and returns their paths.</summary>
    public static IReadOnlyList<string> Write(string root)
    {
        var stale = Stale(root);
        foreach (var path in stale)
        {
            var full = Path.Combine(root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllText(full, Render()[path]);
        }

        return stale;
    }

    /// <summary>Paths of the files that are missing or differ from what the types say.</summary>
    public static IReadOnlyList<string> Stale(string root) =>
        [.. Render().Where(f => !File.Exists(Path.Combine(root, f.Key)) || File.ReadAllText(Path.Combine(root, f.Key)) != f.Value).Select(f => f.Key)];

    /// <summary>The folder that holds the solution, at or above <paramref name="start"/>; null when there is none.</summary>
    public static string? FindRoot(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "BuildIt.Operator.sln")))
            {
                return folder.FullName;
            }
        }

        return null;
    }

    private static string ToYaml(Map document)
    {
        var serializer = new SerializerBuilder()
            .WithQuotingNecessaryStrings()
            .DisableAliases()
            .WithNewLine("\n")
            .WithIndentedSequences()
            .Build();
        return Header + serializer.Serialize(document);
    }
}
