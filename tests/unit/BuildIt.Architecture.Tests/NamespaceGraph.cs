using System.Text.RegularExpressions;

namespace BuildIt.Architecture.Tests;

/// <summary>
/// The folders of one project, known by their namespaces, and which of them each names: in its usings, by a type of a namespace around
/// it, or by a name that begins with one. Names are relative to the project; its own namespace is <see cref="Root"/>.
/// </summary>
internal sealed partial class NamespaceGraph
{
    public const string Root = "(root)";

    private readonly string _project;
    private readonly ILookup<string, string> _types;
    private readonly Dictionary<string, HashSet<string>> _named = [];

    /// <param name="project">The project's name, with which all of its namespaces begin.</param>
    /// <param name="texts">What its source files hold.</param>
    public NamespaceGraph(string project, IEnumerable<string> texts)
    {
        _project = project;
        var files = texts.Select(Code).Where(code => Namespace().IsMatch(code)).Select(code => (Code: code, Namespace: Namespace().Match(code).Groups[1].Value)).ToList();
        _types = files.SelectMany(file => Declaration().Matches(file.Code).SelectMany(type => Names(type.Groups["name"].Value)), (file, name) => (file.Namespace, Name: name))
            .ToLookup(type => type.Namespace, type => type.Name);
        foreach (var (code, from) in files)
        {
            if (!_named.TryGetValue(from, out var named))
            {
                _named[from] = named = [];
            }

            named.UnionWith(Usings(code).Concat(Types(code, from)).Where(to => to != from));
        }
    }

    public static NamespaceGraph Of(Project project) => new(project.Name, Directory
        .EnumerateFiles(Path.GetDirectoryName(project.Path)!, "*.cs", SearchOption.AllDirectories)
        .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
        .Select(File.ReadAllText));

    /// <summary>Every set of folders that all reach each other, as their names in order.</summary>
    public IReadOnlyList<string> Cycles()
    {
        var reached = _named.Keys.ToDictionary(from => from, Reached);
        return [.. _named.Keys.Where(one => reached[one].Contains(one))
            .Select(one => string.Join(' ', reached[one].Where(other => reached[other].Contains(one)).Select(Relative).Order(StringComparer.Ordinal)))
            .Distinct().Order(StringComparer.Ordinal)];
    }

    private HashSet<string> Reached(string from)
    {
        HashSet<string> reached = [];
        Queue<string> open = new([from]);
        while (open.TryDequeue(out var next))
        {
            foreach (var to in _named.GetValueOrDefault(next, []).Where(reached.Add))
            {
                open.Enqueue(to);
            }
        }

        return reached;
    }

    private IEnumerable<string> Usings(string code) =>
        Using().Matches(code).Select(match => match.Groups["name"].Value).SelectMany(name => Around(name).Where(_types.Contains).Take(1));

    /// <summary>A name is looked for as the compiler does it: in the namespace itself first, then in those around it.</summary>
    private IEnumerable<string> Types(string code, string from)
    {
        foreach (var name in Name().Matches(code).Select(match => match.Value).Distinct())
        {
            var parts = name.Split('.');
            if (Around(from).FirstOrDefault(around => _types[around].Contains(parts[0])) is { } holder)
            {
                yield return holder;
            }
            else if (parts.Length > 1)
            {
                foreach (var inner in Around(from).Select(around => $"{around}.{parts[0]}").Where(inner => _types[inner].Contains(parts[1])).Take(1))
                {
                    yield return inner;
                }
            }
        }
    }

    /// <summary>The name and what is left of it without its last part, and so on down to the project's own.</summary>
    private IEnumerable<string> Around(string name)
    {
        for (; name == _project || name.StartsWith(_project + '.', StringComparison.Ordinal); name = name[..name.LastIndexOf('.')])
        {
            yield return name;
            if (name == _project)
            {
                yield break;
            }
        }
    }

    private string Relative(string name) => name == _project ? Root : name[(_project.Length + 1)..];

    /// <summary>An attribute is most often named without its last word.</summary>
    private static IEnumerable<string> Names(string type) => type.EndsWith(nameof(Attribute), StringComparison.Ordinal) ? [type, type[..^nameof(Attribute).Length]] : [type];

    /// <summary>The text without comments and without strings, of which what stands in braces stays.</summary>
    private static string Code(string text) =>
        CommentOrString().Replace(text, match => match.Value.StartsWith('$') ? string.Join(' ', Hole().Matches(match.Value).Select(hole => hole.Value)) : " ");

    [GeneratedRegex(""" //[^\n]*|/\*.*?\*/|\$*"{3}.*?"{3}|[$@]*"(\\.|[^"\\\n])*"|'(\\.|[^'\\\n])' """, RegexOptions.Singleline | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex CommentOrString();

    [GeneratedRegex(@"\{[^{}]*\}")]
    private static partial Regex Hole();

    [GeneratedRegex(@"^namespace ([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^(global )?using (static )?(\w+ = )?(?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Using();

    /// <summary>Types of a namespace itself begin at the margin.</summary>
    [GeneratedRegex(@"^(\w+ )*(((record )?(class|struct)|record|interface|enum) (?<name>\w+)|delegate [^(]*?(?<name>\w+)(<[^(]*>)?\()", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"(?<![\w.])[A-Z]\w*(\.[A-Z]\w*)?")]
    private static partial Regex Name();
}
