using System.Xml.Linq;
using BuildIt.Testing;

namespace BuildIt.Architecture.Tests;

/// <summary>The repository as files: its projects and what they reference.</summary>
internal static class Solution
{
    public static DirectoryInfo Root { get; } = new(RepositoryRoot.Find());

    public static IReadOnlyList<Project> Projects { get; } = [.. Directory
        .EnumerateFiles(Root.FullName, "*.csproj", SearchOption.AllDirectories)
        .Where(path => !path.Contains("/node_modules/", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal))
        .Select(Project.Read)];

    /// <summary>What users run: neither tests nor the programs that are only tools.</summary>
    public static IEnumerable<Project> Product => Projects.Where(project =>
        !project.Path.StartsWith(Path.Combine(Root.FullName, "tests"), StringComparison.Ordinal)
        && !project.Path.StartsWith(Path.Combine(Root.FullName, "tools"), StringComparison.Ordinal));
}

internal sealed record Project(string Name, string Path, IReadOnlyList<string> References, IReadOnlyList<string> Packages, string Text)
{
    public static Project Read(string path)
    {
        var document = XDocument.Load(path);
        var references = document.Descendants("ProjectReference")
            .Where(e => (string?)e.Attribute("ReferenceOutputAssembly") != "false")
            .Select(e => System.IO.Path.GetFileNameWithoutExtension(((string)e.Attribute("Include")!).Replace('\\', '/')));
        var packages = document.Descendants("PackageReference").Select(e => (string)e.Attribute("Include")!);
        return new Project(System.IO.Path.GetFileNameWithoutExtension(path), path, [.. references], [.. packages], File.ReadAllText(path));
    }

    public override string ToString() => Name;
}
