namespace BuildIt.Architecture.Tests;

/// <summary>Folders inside a project are layers as projects are: none is reached by what it reaches.</summary>
public class FolderTests
{
    public static TheoryData<string> ProductProjects => [.. Solution.Product.Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(ProductProjects))]
    public void Folders_of_a_project_have_no_cycles(string name) => Assert.Empty(NamespaceGraph.Of(Solution.Product.Single(p => p.Name == name)).Cycles());

    [Theory]
    [InlineData("using P.B;\nnamespace P.A;\nclass X;")]
    [InlineData("using static P.B.Y;\nnamespace P.A;\nclass X;")]
    [InlineData("using Other = P.B.Y;\nnamespace P.A;\nclass X;")]
    [InlineData("namespace P.A;\nclass X : B.Y;")]
    [InlineData("namespace P.A;\nclass X\n{\n    string Text(int y) => $\"{y + B.Y.Value}\";\n}")]
    public void A_folder_is_named_by_usings_and_by_names_that_begin_with_it(string upper) =>
        Assert.Equal(["A B"], new NamespaceGraph("P", [upper, "using P.A;\nnamespace P.B;\npublic static class Y;"]).Cycles());

    [Theory]
    [InlineData("public sealed record Y(int Z);")]
    [InlineData("internal readonly record struct Y(int Z);")]
    [InlineData("public delegate Task<int> Y(int z);")]
    [InlineData("public enum Y { Z }")]
    [InlineData("public sealed class YAttribute : Attribute;")]
    public void A_folder_is_named_by_its_types_where_they_need_no_using(string declared) =>
        Assert.Equal(["(root) A.B"], new NamespaceGraph("P", ["namespace P.A.B;\nclass X\n{\n    Y Of { get; }\n}", $"using P.A.B;\nnamespace P;\n{declared}"]).Cycles());

    [Theory]
    [InlineData("namespace P.A;\n/// <summary>Not <see cref=\"B.Y\"/>.</summary>\nclass X;")]
    [InlineData("namespace P.A;\nclass X\n{\n    string Text => \"B.Y\";\n}")]
    [InlineData("namespace P.A;\nclass X\n{\n    int Of(X other) => other.B.Y;\n}")]
    [InlineData("namespace P.A;\nclass X : Y;\nclass Y;")]
    public void What_is_no_name_of_a_folder_counts_for_nothing(string upper) =>
        Assert.Empty(new NamespaceGraph("P", [upper, "using P.A;\nnamespace P.B;\npublic static class Y;", "using P.A;\nnamespace P;\nclass Y;"]).Cycles());
}
