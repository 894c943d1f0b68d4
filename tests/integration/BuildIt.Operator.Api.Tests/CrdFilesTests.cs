using BuildIt.Operator.CrdGen;

namespace BuildIt.Operator.Api.Tests;

public sealed class CrdFilesTests
{
    [Fact]
    public void Generated_files_are_up_to_date() => Assert.Empty(CrdFiles.Stale(RepositoryFiles.Root));

    [Fact]
    public void Generating_twice_gives_the_same_bytes() => Assert.Equal(CrdFiles.Render(RepositoryFiles.Root), CrdFiles.Render(RepositoryFiles.Root));
}
