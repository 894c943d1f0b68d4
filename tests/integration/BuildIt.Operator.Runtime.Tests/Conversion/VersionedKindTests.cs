using System.Text.Json.Nodes;
using BuildIt.Operator.Runtime.Conversion;

namespace BuildIt.Operator.Runtime.Tests.Conversion;

public sealed class VersionedKindTests
{
    private const string Group = "example.com";

    /// <summary>Three versions: a field renamed and one added, then one in every item of a list renamed and one added beside it.</summary>
    private static readonly VersionedKind Kind = new(
        Group,
        "Thing",
        "things",
        new VersionStep("v1alpha1", "v1beta1", new FieldRenamed("spec.sound.level", "spec.sound.volume"), new FieldAdded("spec.sound.mode", "\"Auto\"")),
        new VersionStep("v1beta1", "v1", new FieldRenamed("spec.rules[].name", "spec.rules[].title"), new FieldAdded("spec.limits", """{"max":10}""")));

    [Theory]
    [InlineData("v1alpha1", """{"sound":{"level":3}}""", "v1beta1", """{"sound":{"volume":3,"mode":"Auto"}}""")]
    [InlineData("v1alpha1", """{"sound":{"level":3},"rules":[{"name":"a"},{}]}""", "v1", """{"sound":{"volume":3,"mode":"Auto"},"rules":[{"title":"a"},{}],"limits":{"max":10}}""")]
    [InlineData("v1", """{"sound":{"volume":3,"mode":"Auto"},"rules":[{"title":"a"}],"limits":{"max":10}}""", "v1alpha1", """{"sound":{"level":3},"rules":[{"name":"a"}]}""")]
    [InlineData("v1alpha1", """{"other":1.50,"sound":null}""", "v1beta1", """{"other":1.50,"sound":null}""")]
    [InlineData("v1beta1", """{"sound":{"volume":3}}""", "v1beta1", """{"sound":{"volume":3}}""")]
    public void What_a_version_calls_otherwise_is_renamed_and_what_it_does_not_know_gets_its_default(string from, string spec, string to, string expected)
    {
        var item = Item(from, spec);
        Kind.Convert(item, $"{Group}/{to}");

        AssertSame(Item(to, expected), item);
    }

    [Fact]
    public void What_the_older_version_cannot_say_waits_in_an_annotation_while_others_change_the_rest()
    {
        var item = Item("v1", """{"sound":{"volume":3,"mode":"Quiet"},"limits":{"max":99}}""");
        Kind.Convert(item, $"{Group}/v1alpha1");
        Assert.Equal("""{"sound":{"level":3}}""", item["spec"]!.ToJsonString());
        Assert.Equal(
            ["example.com/kept-for-v1", "example.com/kept-for-v1beta1"], item["metadata"]!["annotations"]!.AsObject().Select(each => each.Key).Order(StringComparer.Ordinal));

        item["spec"]!["sound"]!["level"] = 4;
        item["metadata"]!["annotations"]!["mine"] = "stays";
        Kind.Convert(item, $"{Group}/v1");
        Assert.Equal("""{"sound":{"mode":"Quiet","volume":4},"limits":{"max":99}}""", Sorted(item["spec"]!.ToJsonString()));
        Assert.Equal("""{"mine":"stays"}""", item["metadata"]!["annotations"]!.ToJsonString());

        static string Sorted(string spec) => spec.Replace("""{"volume":4,"mode":"Quiet"}""", """{"mode":"Quiet","volume":4}""", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("[]")]
    [InlineData("""{"spec.sound.mode":7}""")]
    [InlineData("""{"spec.sound.mode":{"value":1},"spec.sound.mode":{"value":2}}""")]
    public void An_annotation_that_somebody_else_wrote_counts_for_nothing(string text)
    {
        var item = Item("v1alpha1", """{"sound":{"level":3}}""");
        item["metadata"]!["annotations"] = new JsonObject { ["example.com/kept-for-v1beta1"] = text };
        Kind.Convert(item, $"{Group}/v1beta1");

        AssertSame(Item("v1beta1", """{"sound":{"volume":3,"mode":"Auto"}}"""), item);
    }

    [Fact]
    public void There_and_back_again_every_object_is_what_it_was()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var round = 0; round < 2000; round++)
        {
            var (from, over) = (Kind.Versions[random.Next(3)], Kind.Versions[random.Next(3)]);
            var item = Item(from, "{}");
            item["spec"] = ArbitraryObject(random, 3);
            item["status"] = Arbitrary(random, 2);
            DropUnknown(item["spec"]!.AsObject(), from);
            var before = item.DeepClone();
            try
            {
                Kind.Convert(item, $"{Group}/{over}");
                Kind.Convert(item, $"{Group}/{from}");
            }
            catch (ConversionException)
            {
                // What stands in a field's way is no object.
                continue;
            }

            Assert.True(JsonNode.DeepEquals(before, item), $"seed {seed}, round {round}, over {over}: {before.ToJsonString()} has become {item.ToJsonString()}");
        }
    }

    [Theory]
    [InlineData("""{"sound":"loud"}""", "sound, on the way to spec.sound.level, is a text and not an object")]
    [InlineData("""{"sound":[1]}""", "sound, on the way to spec.sound.level, is a list and not an object")]
    [InlineData("""{"rules":{"a":1}}""", "rules, on the way to spec.rules[].name, is an object and not a list of objects")]
    [InlineData("""{"rules":[1]}""", "rules, on the way to spec.rules[].name, is a list and not a list of objects")]
    public void What_stands_in_the_way_of_a_field_is_named(string spec, string expected) =>
        Assert.Equal(expected, Assert.Throws<ConversionException>(() => Kind.Convert(Item("v1alpha1", spec), $"{Group}/v1")).Message);

    [Theory]
    [InlineData("example.com/v2", "example.com/v1")]
    [InlineData("example.com/v1", "other.com/v1")]
    [InlineData("v1", "example.com/v1")]
    [InlineData("example.com/v1", "")]
    public void A_version_that_is_not_known_is_named_with_those_that_are(string from, string to)
    {
        var item = Item("v1", "{}");
        item["apiVersion"] = from;
        var failure = Assert.Throws<ConversionException>(() => Kind.Convert(item, to));
        Assert.EndsWith("is no version of it; known are example.com/v1alpha1, example.com/v1beta1, example.com/v1", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Steps_that_do_not_lead_from_one_version_to_the_next_are_a_mistake()
    {
        Assert.Throws<ArgumentException>(() => new VersionedKind(Group, "Thing", "things"));
        Assert.Throws<ArgumentException>(() => new VersionedKind(Group, "Thing", "things", new VersionStep("v1", "v2"), new VersionStep("v3", "v4")));
        Assert.Throws<ArgumentException>(() => new VersionedKind(Group, "Thing", "things", new VersionStep("v1", "v2"), new VersionStep("v2", "v1")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("spec..a")]
    [InlineData("spec.a[]")]
    [InlineData("metadata.labels")]
    [InlineData("apiVersion")]
    public void What_no_version_may_change_is_no_path(string path) => Assert.Throws<ArgumentException>(() => new FieldAdded(path, "1"));

    [Fact]
    public void What_could_not_be_found_again_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new FieldAdded("spec.rules[].kind", "1"));
        Assert.Throws<ArgumentException>(() => new FieldRenamed("spec.a", "status.b"));
        Assert.Throws<ArgumentException>(() => new FieldRenamed("spec.a", "spec.a"));
    }

    private static JsonObject Item(string version, string spec) => new()
    {
        ["apiVersion"] = $"{Group}/{version}",
        ["kind"] = "Thing",
        ["metadata"] = new JsonObject { ["name"] = "one", ["generation"] = 1 },
        ["spec"] = JsonNode.Parse(spec),
    };

    private static void AssertSame(JsonNode expected, JsonNode actual) => Assert.True(JsonNode.DeepEquals(expected, actual), actual.ToJsonString());

    /// <summary>As the API server does with what the version's definition does not know. Names that were given up are tried nevertheless.</summary>
    private static void DropUnknown(JsonObject spec, string version)
    {
        if (version is not "v1")
        {
            spec.Remove("limits");
        }

        if (version is "v1alpha1" && spec["sound"] is JsonObject sound)
        {
            sound.Remove("mode");
        }
    }

    /// <summary>Fields of every version and others, of any kind.</summary>
    private static JsonObject ArbitraryObject(Random random, int depth)
    {
        string[] names = ["sound", "level", "volume", "mode", "rules", "name", "title", "limits", "other"];
        return new JsonObject(names.Where(_ => random.Next(2) == 0).Select(name => KeyValuePair.Create(name, (name, random.Next(4)) switch
        {
            ("sound", > 0) when depth > 0 => ArbitraryObject(random, depth - 1),
            ("rules", > 0) when depth > 0 => new JsonArray([.. Enumerable.Range(0, random.Next(3)).Select(_ => ArbitraryObject(random, depth - 1))]),
            ("mode", 0) => "Auto",
            _ => Arbitrary(random, depth),
        })));
    }

    private static JsonNode? Arbitrary(Random random, int depth) => random.Next(depth > 0 ? 6 : 4) switch
    {
        0 => null,
        1 => random.Next(3),
        2 => "text",
        3 => random.Next(2) == 0,
        4 => new JsonArray(Arbitrary(random, depth - 1)),
        _ => ArbitraryObject(random, depth - 1),
    };
}
