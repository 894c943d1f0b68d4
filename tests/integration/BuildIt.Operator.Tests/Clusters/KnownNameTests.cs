using System.Net;
using BuildIt.Operator.Clusters;

namespace BuildIt.Operator.Tests.Clusters;

public sealed class KnownNameTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    private readonly KnownName _name = new();

    [Fact]
    public void An_address_in_use_is_kept_while_answers_rotate()
    {
        Assert.Null(_name.Choose(null));
        for (var i = 0; i < 100; i++)
        {
            _name.Answer([IPAddress.Parse($"198.51.100.{i % 5}")], Start + (i * TimeSpan.FromSeconds(30)));
            Assert.Equal("198.51.100.0", $"{_name.Choose("198.51.100.0")}");
        }
    }

    [Fact]
    public void An_address_that_is_in_no_answer_any_more_is_given_up()
    {
        _name.Answer([IPAddress.Parse("198.51.100.1")], Start);

        Assert.True(_name.Answer([IPAddress.Parse("198.51.100.2")], Start + KnownName.Memory - TimeSpan.FromSeconds(1)));
        Assert.Equal("198.51.100.1", $"{_name.Choose("198.51.100.1")}");
        Assert.True(_name.Answer([IPAddress.Parse("198.51.100.2")], Start + KnownName.Memory));
        Assert.Equal("198.51.100.2", $"{_name.Choose("198.51.100.1")}");
    }

    [Fact]
    public void Silence_and_empty_answers_take_nothing_away()
    {
        Assert.True(_name.Miss());
        _name.Answer([IPAddress.Parse("198.51.100.1")], Start);

        Assert.False(_name.Miss());
        Assert.False(_name.Answer([], Start + (3 * KnownName.Memory)));
        Assert.Equal("198.51.100.1", $"{_name.Choose(null)}");
    }

    [Fact]
    public void Version_4_is_preferred_and_the_order_of_an_answer_means_nothing()
    {
        _name.Answer([IPAddress.Parse("2001:db8::1"), IPAddress.Parse("198.51.100.2"), IPAddress.Parse("198.51.100.1")], Start);

        Assert.Equal("198.51.100.1", $"{_name.Choose(null)}");
    }
}
