using System.Globalization;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Pods;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Bench.Size;

/// <summary>Objects in JSON as an API server sends them: filled in by the server and its controllers, with the record of who set what.</summary>
internal static class SentObjects
{
    public static string Pod(int number)
    {
        var cluster = new SfuCluster
        {
            Metadata = new() { Name = "fleet", NamespaceProperty = "media", Uid = Guid.NewGuid().ToString() },
            Spec = new SfuClusterSpec { Region = "us-east-1", ApiKeysSecretRef = new() { Name = "keys" }, Redis = new() { Addresses = ["redis:6379"] } },
        };
        var pod = Json(PodBuilder.Build(cluster, new InstanceRequest(Name("fleet-", number), "0123456789", "registry.example.com/buildit/sfu-node:1.0.0", 30000 + (number % 1000))));
        var applied = pod.DeepClone().AsObject();
        Fill(pod["metadata"]!.AsObject(), number);
        pod["spec"]!["nodeName"] = Name("node-", number);
        pod["spec"]!["schedulerName"] = "default-scheduler";
        pod["spec"]!["tolerations"] = new JsonArray(Toleration("node.kubernetes.io/not-ready"), Toleration("node.kubernetes.io/unreachable"));
        pod["status"] = PodStatus(number);
        pod["metadata"]!["managedFields"] = new JsonArray(
            Managed("buildit-operator", "Apply", applied), Managed("kubelet", "Update", new JsonObject { ["status"] = pod["status"]!.DeepClone() }));
        return pod.ToJsonString();
    }

    public static string Room(int number)
    {
        var room = Json(new ConferenceRoom
        {
            Metadata = new() { Name = Name("room-", number), NamespaceProperty = "media", Finalizers = [SfuApi.Finalizer] },
            Spec = new ConferenceRoomSpec { DisplayName = "Weekly", ExpectedParticipants = 10 },
            Status = new ConferenceRoomStatus
            {
                Phase = RoomPhase.Ready,
                Generation = 1,
                Participants = 7,
                Assignments = [new RoomAssignment { Cluster = "fleet", Instance = Name("fleet-", number), Region = "us-east-1", Endpoint = "http://10.1.2.3:7880" }],
                Conditions = [Condition("Ready", "Serving", "fleet-00001 serves it"), Condition("Cascaded", "OnePod", "one pod serves it"), Condition("EndToEndEncrypted", "AllTracksEncrypted", "every published track is encrypted end to end")],
            },
        });
        Fill(room["metadata"]!.AsObject(), number);
        var spec = new JsonObject { ["spec"] = room["spec"]!.DeepClone() };

        // As kubectl apply leaves it.
        room["metadata"]!["annotations"] = new JsonObject { ["kubectl.kubernetes.io/last-applied-configuration"] = spec.ToJsonString() };
        room["metadata"]!["managedFields"] = new JsonArray(
            Managed("kubectl", "Update", spec), Managed("buildit-operator", "Update", new JsonObject { ["status"] = room["status"]!.DeepClone() }));
        return room.ToJsonString();
    }

    private static JsonObject PodStatus(int number) => new()
    {
        ["phase"] = "Running",
        ["qosClass"] = "Burstable",
        ["hostIP"] = "10.0.0.1",
        ["podIP"] = "10.1.2.3",
        ["podIPs"] = new JsonArray(new JsonObject { ["ip"] = "10.1.2.3" }),
        ["startTime"] = "2026-01-01T12:00:00Z",
        ["conditions"] = new JsonArray([.. new[] { "Initialized", "Ready", "ContainersReady", "PodScheduled" }.Select(type => new JsonObject
        {
            ["type"] = type,
            ["status"] = "True",
            ["lastTransitionTime"] = "2026-01-01T12:00:00Z",
        })]),
        ["containerStatuses"] = new JsonArray(new JsonObject
        {
            ["name"] = PodBuilder.ContainerName,
            ["ready"] = true,
            ["started"] = true,
            ["restartCount"] = 0,
            ["image"] = "registry.example.com/buildit/sfu-node:1.0.0",
            ["imageID"] = "registry.example.com/buildit/sfu-node@sha256:9b7c0a6d2f4e8a1c3b5d7f9e0a2c4e6f8b1d3f5a7c9e0b2d4f6a8c1e3b5d7f9a",
            ["containerID"] = string.Create(CultureInfo.InvariantCulture, $"containerd://{number:x64}"),
            ["state"] = new JsonObject { ["running"] = new JsonObject { ["startedAt"] = "2026-01-01T12:00:00Z" } },
            ["lastState"] = new JsonObject(),
        }),
    };

    private static V1Condition Condition(string type, string reason, string message) => new()
    {
        Type = type,
        Status = "True",
        Reason = reason,
        Message = message,
        LastTransitionTime = new DateTime(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc),
        ObservedGeneration = 1,
    };

    private static void Fill(JsonObject metadata, int number)
    {
        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["resourceVersion"] = (1_000_000 + number).ToString(CultureInfo.InvariantCulture);
        metadata["creationTimestamp"] = "2026-01-01T12:00:00Z";
        metadata["generation"] = 1;
    }

    private static JsonObject Toleration(string key) => new() { ["key"] = key, ["operator"] = "Exists", ["effect"] = "NoExecute", ["tolerationSeconds"] = 300 };

    private static JsonObject Managed(string manager, string operation, JsonObject fields) => new()
    {
        ["manager"] = manager,
        ["operation"] = operation,
        ["apiVersion"] = "v1",
        ["time"] = "2026-01-01T12:00:00Z",
        ["fieldsType"] = "FieldsV1",
        ["fieldsV1"] = Fields(fields),
    };

    /// <summary>Which fields there are, as FieldsV1 says it (structured-merge-diff, fieldpath/serialize.go).</summary>
    private static JsonObject Fields(JsonNode? value)
    {
        var fields = new JsonObject();
        if (value is JsonObject item)
        {
            foreach (var (name, child) in item.Where(pair => pair.Key is not ("apiVersion" or "kind")))
            {
                fields[$"f:{name}"] = Fields(child);
            }
        }

        if (value is JsonArray list)
        {
            foreach (var element in list.OfType<JsonObject>())
            {
                if (new[] { "name", "type", "containerPort", "ip" }.FirstOrDefault(element.ContainsKey) is not { } key)
                {
                    continue;
                }

                var entry = Fields(element);
                entry["."] = new JsonObject();
                fields[$"k:{{\"{key}\":{element[key]!.ToJsonString()}}}"] = entry;
            }
        }

        return fields;
    }

    private static string Name(string prefix, int number) => string.Create(CultureInfo.InvariantCulture, $"{prefix}{number:00000}");

    private static JsonObject Json(object item) => JsonNode.Parse(KubernetesJson.Serialize(item))!.AsObject();
}
