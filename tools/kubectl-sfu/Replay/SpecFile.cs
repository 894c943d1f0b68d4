using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Api.Validation;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Resources.Fleets;
using BuildIt.Operator.Resources.Revisions;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace BuildIt.KubectlSfu.Replay;

/// <summary>A fleet that somebody has written down and not applied.</summary>
internal static class SpecFile
{
    /// <summary>Reads an SfuCluster, in YAML or JSON, and puts it into the planner's terms.</summary>
    /// <param name="path">The file.</param>
    /// <param name="defaultImage">The image of nodes whose fleet names none.</param>
    /// <exception cref="CommandFault">It cannot be read, or is no SfuCluster that would be accepted.</exception>
    public static FleetSpec Read(string path, string defaultImage)
    {
        JsonNode? json;
        try
        {
            using var text = File.OpenText(path);
            json = JsonNode.Parse(new SerializerBuilder().JsonCompatible().Build().Serialize(
                new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize(text) ?? string.Empty));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or YamlException or JsonException)
        {
            throw new CommandFault($"{path} cannot be read: {unreadable.Message}");
        }

        if (json is not JsonObject item || item["kind"]?.ToString() != SfuCluster.KindName)
        {
            throw new CommandFault($"{path} holds no {SfuCluster.KindName}; write the whole object, as for kubectl apply");
        }

        item.Remove("status");
        if (ResourceValidator.ValidateJson<SfuCluster>(item) is { Count: > 0 } faults)
        {
            throw new CommandFault($"{path} would be refused: {string.Join("; ", faults)}");
        }

        var cluster = item.Deserialize<SfuCluster>(ApiJson.Options)!;
        return FleetSpecs.From(cluster, RevisionHash.Of(cluster, defaultImage));
    }
}
