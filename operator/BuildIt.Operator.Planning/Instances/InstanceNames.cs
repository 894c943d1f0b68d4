using System.Globalization;

namespace BuildIt.Operator.Planning.Instances;

/// <summary>Gives new pods names that nobody has had.</summary>
internal sealed class InstanceNames(string fleet, ulong seed, HashSet<string> taken)
{
    // No vowels and nothing that looks like another, as Kubernetes does in its own generated names.
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";
    private const int SuffixLength = 7;

    // The name is also a label value and a host name: 63 characters at most (RFC 1123, section 2.1).
    private const int MaxLength = 63;

    private ulong _state = seed;

    public string Next(string revision)
    {
        var prefix = string.Create(CultureInfo.InvariantCulture, $"{fleet}-{revision}");
        prefix = prefix[..Math.Min(prefix.Length, MaxLength - SuffixLength - 1)].TrimEnd('-', '.');
        while (true)
        {
            var name = prefix + "-" + Suffix();
            if (taken.Add(name))
            {
                return name;
            }
        }
    }

    private string Suffix()
    {
        var bits = Mix();
        return string.Create(SuffixLength, bits, static (span, value) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = Alphabet[(int)(value % (ulong)Alphabet.Length)];
                value /= (ulong)Alphabet.Length;
            }
        });
    }

    // SplitMix64: every seed gives a sequence in which no value comes twice.
    private ulong Mix()
    {
        _state += 0x9E3779B97F4A7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
