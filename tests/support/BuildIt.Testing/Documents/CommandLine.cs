using System.Text;

namespace BuildIt.Testing.Documents;

/// <summary>One command as a shell would read it. Words are without their quotes; what a shell would put in their place stays as it is written.</summary>
/// <param name="Words">The program and what it is given.</param>
/// <param name="Text">As it is written.</param>
public sealed record CommandLine(string[] Words, string Text)
{
    public string Program => Words[0];

    /// <summary>Words that are no options, nor the values of options that take one.</summary>
    /// <param name="flags">Options that take no value; all others take the next word, unless theirs follows a =.</param>
    public IReadOnlyList<string> Plain(IReadOnlySet<string> flags)
    {
        var plain = new List<string>();
        for (var i = 1; i < Words.Length; i++)
        {
            if (!Words[i].StartsWith('-') || Words[i] == "-")
            {
                plain.Add(Words[i]);
            }
            else if (!Words[i].Contains('=', StringComparison.Ordinal) && !flags.Contains(Words[i]))
            {
                i++;
            }
        }

        return plain;
    }

    /// <summary>Options as they are written, without values.</summary>
    public IEnumerable<string> Options => Words.Skip(1).Where(word => word.StartsWith('-') && word != "-").Select(word => word.Split('=')[0]);

    /// <summary>The values of an option, wherever it stands.</summary>
    public IEnumerable<string> Values(params string[] option)
    {
        for (var i = 1; i < Words.Length; i++)
        {
            foreach (var name in option)
            {
                if (Words[i] == name && i + 1 < Words.Length)
                {
                    yield return Words[i + 1];
                }
                else if (Words[i].StartsWith(name + '=', StringComparison.Ordinal))
                {
                    yield return Words[i][(name.Length + 1)..];
                }
            }
        }
    }

    /// <summary>Reads what stands in a block of a document or between two backticks: quotes, comments, continued lines, pipes. No more of the language than that.</summary>
    public static IReadOnlyList<CommandLine> Read(string script)
    {
        var commands = new List<CommandLine>();
        foreach (var line in script.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n'))
        {
            List<string> words = [];
            var word = new StringBuilder();
            var (quote, depth, started, toFile) = ('\0', 0, false, false);
            for (var i = 0; i <= line.Length; i++)
            {
                var c = i < line.Length ? line[i] : '\n';
                if (quote == '\0' && depth == 0 && c == '#' && !started)
                {
                    c = '\n';
                    i = line.Length;
                }

                if (c == '\n' || (quote == '\0' && depth == 0 && c is ' ' or '|' or '>'))
                {
                    if (started && !toFile)
                    {
                        words.Add(word.ToString());
                    }

                    toFile = c == '>' || (toFile && !started);
                    (started, _) = (false, word.Clear());
                    if (c is '|' or '\n')
                    {
                        Add(words);
                        (words, toFile) = ([], false);
                    }
                }
                else
                {
                    started = true;
                    depth += c == '(' && word is [.., '$'] ? 1 : c == ')' && depth > 0 ? -1 : 0;
                    if (depth == 0 && c is '"' or '\'' && (quote == '\0' || quote == c))
                    {
                        quote = quote == '\0' ? c : '\0';
                    }
                    else
                    {
                        word.Append(c);
                    }
                }
            }
        }

        return commands;

        // A variable that is set is no command.
        void Add(List<string> words)
        {
            if (words.Count > 0 && !words[0].Contains('=', StringComparison.Ordinal))
            {
                commands.Add(new CommandLine([.. words], string.Join(' ', words)));
            }
        }
    }

    public override string ToString() => Text;
}
