using BuildIt.Sfu.Node.Hosting;

namespace BuildIt.Sfu.Node.Tests.Hosting;

public class HostUrlTests
{
    [Theory]
    [InlineData("10.0.0.7", "http://10.0.0.7:7880")]
    [InlineData("::", "http://127.0.0.1:7880")]
    [InlineData("0.0.0.0", "http://127.0.0.1:7880")]
    [InlineData("fd00::7", "http://[fd00::7]:7880")]
    [InlineData("sfu.example.com", "http://sfu.example.com:7880")]
    public void Every_address_can_be_opened(string host, string url)
    {
        Assert.Equal(url, HostUrl.Of("http", host, 7880));
        Assert.Equal(7880, new Uri(url).Port);
    }
}
