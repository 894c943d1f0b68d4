using BuildIt.Sfu.Signaling.Protocol;
using Google.Protobuf.Reflection;

namespace BuildIt.Sfu.Signaling.Tests.Protocol;

/// <summary>Our .proto files are our own text; every number, name and type in them must be the published one.</summary>
public class DescriptorTests
{
    private static readonly FileDescriptor[] Files =
    [
        ModelsReflection.Descriptor, SignalReflection.Descriptor, JoinReflection.Descriptor, DataReflection.Descriptor,
        DataTracksReflection.Descriptor, RoomServiceReflection.Descriptor, WebhookReflection.Descriptor,
    ];

    public static TheoryData<string> MessageNames => [.. Messages().Select(m => m.FullName)];

    public static TheoryData<string> EnumNames => [.. Enums().Select(e => e.FullName)];

    [Theory]
    [MemberData(nameof(MessageNames))]
    public void Message_is_the_published_one(string name)
    {
        var message = Messages().Single(m => m.FullName == name);
        if (message.Fields.InDeclarationOrder().Count == 0 && message.NestedTypes.Count > 0)
        {
            return; // Only a scope for nested names, which are compared by themselves.
        }

        Assert.True(PublishedDescriptors.Instance.Messages.TryGetValue(name, out var published), $"{name} is not published.");
        foreach (var field in message.Fields.InDeclarationOrder())
        {
            Assert.True(published.TryGetValue(field.FieldNumber, out var expected), $"{name} has no field {field.FieldNumber}.");
            Assert.Equal(expected, Describe(field));
        }
    }

    [Theory]
    [MemberData(nameof(EnumNames))]
    public void Enum_is_the_published_one(string name)
    {
        var ours = Enums().Single(e => e.FullName == name).Values.ToDictionary(v => v.Number, v => v.Name);
        Assert.Equal(PublishedDescriptors.Instance.Enums[name], ours);
    }

    [Fact]
    public void Both_signal_messages_are_complete()
    {
        foreach (var message in new[] { SignalRequest.Descriptor, SignalResponse.Descriptor, JoinRequest.Descriptor, JoinResponse.Descriptor })
        {
            Assert.Equal(
                PublishedDescriptors.Instance.Messages[message.FullName].Keys.Order(),
                message.Fields.InFieldNumberOrder().Select(f => f.FieldNumber));
        }
    }

    private static IEnumerable<MessageDescriptor> Messages() => Files.SelectMany(f => f.MessageTypes).SelectMany(WithNested);

    private static IEnumerable<EnumDescriptor> Enums() =>
        Files.SelectMany(f => f.EnumTypes).Concat(Messages().SelectMany(m => m.EnumTypes));

    private static IEnumerable<MessageDescriptor> WithNested(MessageDescriptor message) =>
        message.NestedTypes.Where(m => !m.IsMapEntry).SelectMany(WithNested).Prepend(message);

    private static PublishedField Describe(FieldDescriptor field) => new(
        field.Name,
        field.JsonName,
        field.IsMap
            ? $"map<{TypeOf(field.MessageType.Fields[1])},{TypeOf(field.MessageType.Fields[2])}>"
            : TypeOf(field),
        field.IsRepeated && !field.IsMap,
        field.ToProto().Proto3Optional,
        field.RealContainingOneof?.Name ?? "");

    private static string TypeOf(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message => field.MessageType.FullName,
        FieldType.Enum => field.EnumType.FullName,
        var scalar => scalar.ToString().ToLowerInvariant(),
    };
}
