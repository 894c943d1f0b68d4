using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Net;

namespace BuildIt.Sfu.Media.Tests.Ice;

/// <summary>Which addresses of a peer are remembered, and which of them is used.</summary>
public sealed class IcePairTableTests : IDatagramSink
{
    private readonly HashSet<PathId> _open = [];
    private readonly IcePairTable _pairs;
    private int _next;

    public IcePairTableTests() => _pairs = new IcePairTable(this, lite: false);

    [Fact]
    public void What_was_heard_least_recently_makes_room_but_never_what_is_selected()
    {
        var selected = Add(0);
        _pairs.Select(selected, nominated: true);
        for (var host = 1; host < 2 * IceAgent.MaxPairs; host++)
        {
            Add(host).LastReceived = At(host);
        }

        Assert.Same(selected, _pairs.Find(selected.Remote));
        Assert.Null(_pairs.Find(Address(1)));
        Assert.NotNull(_pairs.Find(Address(2 * IceAgent.MaxPairs - 1)));
        Assert.Equal(IceAgent.MaxPairs, _open.Count);
    }

    [Fact]
    public void Of_the_generation_before_only_what_is_selected_is_left_until_another_is_nominated()
    {
        var selected = Add(0);
        _pairs.Select(selected, nominated: true);
        Add(1);
        _pairs.BeginGeneration();

        Assert.Equal(selected.Path, Assert.Single(_open));
        Assert.False(_pairs.IsCurrent(selected));
        Assert.True(_pairs.Select(Add(2), nominated: true));
        Assert.Null(_pairs.Find(selected.Remote));
    }

    [Fact]
    public void When_the_selected_address_is_lost_the_proven_one_that_was_heard_last_takes_over()
    {
        var selected = Add(0);
        _pairs.Select(selected, nominated: true);
        Prove(Add(1), At(10));
        Prove(Add(2), At(30));
        Add(3).LastReceived = At(50);

        _pairs.Lose(selected.Remote);

        Assert.Equal(Address(2), _pairs.Selected!.Remote);
        Assert.False(_pairs.HasNominated);
    }

    [Theory]
    [InlineData(499, true, false)]
    [InlineData(500, true, true)]
    [InlineData(500, false, false)]
    public void Data_is_followed_to_a_proven_address_once_the_selected_one_is_quiet(int quietMilliseconds, bool proven, bool follows)
    {
        var selected = Add(0);
        _pairs.Select(selected, nominated: true);
        _pairs.NoteData(selected.Remote, At(1000));
        var other = Add(1);
        other.IsProven = proven;

        Assert.Equal(follows ? other : null, _pairs.NoteData(other.Remote, At(1000 + quietMilliseconds)));
    }

    [Fact]
    public void The_best_of_several_nominated_pairs_counts_while_it_lives()
    {
        var better = Add(0);
        better.RemotePriority = 2;
        better.LastReceived = At(0);
        _pairs.Select(better, nominated: true);
        var worse = Add(1);
        worse.RemotePriority = 1;

        Assert.False(_pairs.IsBestNominated(worse, At(3999)));
        Assert.True(_pairs.IsBestNominated(worse, At(4000)));
    }

    [Fact]
    public void All_paths_are_given_back()
    {
        _pairs.Select(Add(0), nominated: true);
        Add(1);
        _pairs.Clear();

        Assert.Empty(_open);
        Assert.Null(_pairs.Selected);
    }

    PathId IDatagramSink.OpenPath(in TransportAddress remote)
    {
        var path = new PathId(_next++);
        _open.Add(path);
        return path;
    }

    void IDatagramSink.Claim(in TransportAddress remote, bool proven)
    {
    }

    void IDatagramSink.ClosePath(PathId path) => Assert.True(_open.Remove(path));

    Span<byte> IDatagramSink.Reserve(PathId path, int capacity) => throw new InvalidOperationException("A table sends nothing.");

    void IDatagramSink.Commit(int length) => throw new InvalidOperationException("A table sends nothing.");

    private static void Prove(IcePair pair, Instant heard)
    {
        pair.IsProven = true;
        pair.LastReceived = heard;
    }

    private static Instant At(int milliseconds) => Instant.FromMilliseconds(milliseconds);

    private static TransportAddress Address(int host) => VirtualAgent.Elsewhere(host);

    private IcePair Add(int host) => _pairs.Add(Address(host), priority: 1);
}
