using BuildIt.Sfu.Fuzz.Engine;
using SharpFuzz.Common;

namespace BuildIt.Sfu.Fuzz.Tests.Engine;

/// <summary>The loop has to find what is hidden behind several conditions, and to call things faults that are.</summary>
public unsafe class FuzzLoopTests
{
    [Fact]
    public void Coverage_leads_to_a_fault_that_chance_would_not_find()
    {
        var report = new FuzzLoop(new Maze(), seed: 3).Run(300_000, TimeSpan.FromMinutes(2));

        var (input, fault) = Assert.Single(report.Faults.Values);
        Assert.Contains(nameof(IndexOutOfRangeException), fault.Key, StringComparison.Ordinal);
        Assert.StartsWith("DTLS!", System.Text.Encoding.Latin1.GetString(input), StringComparison.Ordinal);
        Assert.Equal(6, report.Edges);
    }

    [Fact]
    public void Seed_repeats_a_run()
    {
        var first = new FuzzLoop(new Maze(), seed: 9).Run(20_000, TimeSpan.FromMinutes(1));
        var second = new FuzzLoop(new Maze(), seed: 9).Run(20_000, TimeSpan.FromMinutes(1));

        Assert.Equal(first.Learned.Select(Convert.ToHexString), second.Learned.Select(Convert.ToHexString));
    }

    [Fact]
    public void Campaign_goes_on_where_it_ended()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        var slices = new List<FuzzReport>();
        new Campaign(folder).Continue(new Maze(), inputs: 2_000, TimeSpan.FromMinutes(1), seed: 3, slices.Add);
        var learned = Corpus.ReadFile(folder, "maze");
        new Campaign(folder).Continue(new Maze(), inputs: 1_200_000, TimeSpan.FromMinutes(2), seed: 3, slices.Add);
        var state = new Campaign(folder).StateOf("maze");

        Assert.Equal(1_200_000, state.Inputs);
        Assert.Equal([2_000, 500_000, 500_000, 198_000], slices.Select(slice => slice.Inputs));
        Assert.NotEmpty(learned);
        Assert.Equal(slices[^1].Learned.Select(Convert.ToHexString), Corpus.ReadFile(folder, "maze").Select(Convert.ToHexString));
        Assert.Contains(nameof(IndexOutOfRangeException), Assert.Single(state.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_beyond_the_limit_is_a_fault()
    {
        var fault = Execution.Try(new Glutton(), "x"u8);

        Assert.Equal("memory", fault?.Key);
    }

    [Fact]
    public void What_held_the_process_up_once_is_no_fault() => Assert.Null(Execution.Try(new Sleeper(), "x"u8));

    [Fact]
    public void Property_that_does_not_hold_is_a_fault() =>
        Assert.Contains("two and two", Execution.Try(new Liar(), default)?.Key, StringComparison.Ordinal);

    [Fact]
    public void Mutations_keep_to_the_length()
    {
        var mutator = new Mutator(new SplitMix(1), 32, ["a longer word than would fit into what is left"u8.ToArray()]);
        var parent = new byte[40];
        for (var i = 0; i < 100_000; i++)
        {
            Assert.True(mutator.Mutate(parent.AsSpan(0, i % 40), parent).Length <= 32);
        }
    }

    [Fact]
    public void Corpus_survives_packing()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        byte[][] inputs = [[], [1, 2, 3], new byte[4096]];

        Corpus.Save(folder, "sample", inputs);
        using var file = File.OpenRead(Path.Combine(folder, "sample.corpus"));

        Assert.Equal(inputs, Corpus.Read(file));
    }

    /// <summary>Each right byte is an edge of its own; marks it as instrumented code would.</summary>
    private sealed class Maze : IFuzzTarget
    {
        public string Name => "maze";

        public int MaxLength => 16;

        public IEnumerable<byte[]> Seeds => [new byte[6]];

        public void Run(ReadOnlySpan<byte> input)
        {
            var key = "DTLS!"u8;
            Trace.SharedMem[100]++;
            for (var i = 0; i < key.Length && i < input.Length && input[i] == key[i]; i++)
            {
                Trace.SharedMem[101 + i]++;
                if (i == key.Length - 1 && input.Length > 8 && input[8] == 0xFF)
                {
                    throw new IndexOutOfRangeException();
                }
            }
        }
    }

    private sealed class Glutton : IFuzzTarget
    {
        public string Name => "glutton";

        public IEnumerable<byte[]> Seeds => [];

        public void Run(ReadOnlySpan<byte> input) => GC.KeepAlive(new byte[2 * 1024 * 1024]);
    }

    private sealed class Sleeper : IFuzzTarget
    {
        private bool _slept;

        public string Name => "sleeper";

        public IEnumerable<byte[]> Seeds => [];

        public void Run(ReadOnlySpan<byte> input)
        {
            if (!_slept)
            {
                _slept = true;
                Thread.Sleep(5_500);
            }
        }
    }

    private sealed class Liar : IFuzzTarget
    {
        public string Name => "liar";

        public IEnumerable<byte[]> Seeds => [];

        public void Run(ReadOnlySpan<byte> input) => Property.Holds(input.Length == 5, "two and two is five");
    }
}
