using BuildIt.Operator.Turn;

namespace BuildIt.Operator.Tests.Turn;

public sealed class StunBindingTests
{
    private static readonly byte[] Id = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

    [Fact]
    public void A_request_is_a_header_alone()
    {
        var request = new byte[StunBinding.HeaderLength];
        StunBinding.WriteRequest(request, Id);
        Assert.Equal("000100002112A4420102030405060708090A0B0C", Convert.ToHexString(request));
        Assert.False(StunBinding.IsAnswer(request, Id));
    }

    [Theory]
    [InlineData("010100002112A4420102030405060708090A0B0C", true)]
    [InlineData("011100002112A4420102030405060708090A0B0C", true)]
    [InlineData("010100082112A4420102030405060708090A0B0C00010203", true)]
    [InlineData("001100002112A4420102030405060708090A0B0C", false)]
    [InlineData("010300002112A4420102030405060708090A0B0C", false)]
    [InlineData("010100002112A4430102030405060708090A0B0C", false)]
    [InlineData("010100002112A4420102030405060708090A0B0D", false)]
    [InlineData("010100002112A4420102030405060708090A0B", false)]
    [InlineData("", false)]
    public void Success_and_error_of_the_same_transaction_are_answers(string message, bool isAnswer) =>
        Assert.Equal(isAnswer, StunBinding.IsAnswer(Convert.FromHexString(message), Id));
}
