using System.Collections.Concurrent;
using System.Reflection;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Client;

/// <summary>Where a kind of object lives in the Kubernetes API, as its entity attribute says.</summary>
public sealed record ResourceType(string Group, string Version, string Kind, string Plural)
{
    private static readonly ConcurrentDictionary<Type, ResourceType> Known = new();

    /// <summary>The value of apiVersion in objects of this kind.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    public static ResourceType Of<T>()
        where T : IKubernetesObject => Known.GetOrAdd(typeof(T), Read);

    /// <summary>Path of all objects, or of those of a namespace.</summary>
    public string ListPath(string? ns) =>
        $"{(Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}")}{(string.IsNullOrEmpty(ns) ? string.Empty : $"/namespaces/{Uri.EscapeDataString(ns)}")}/{Plural}";

    /// <summary>Path of one object, or of a subresource of it.</summary>
    public string ItemPath(string? ns, string name, string? subresource = null) =>
        $"{ListPath(ns)}/{Uri.EscapeDataString(name)}{(subresource is null ? string.Empty : "/" + subresource)}";

    private static ResourceType Read(Type type)
    {
        var entity = type.GetCustomAttribute<KubernetesEntityAttribute>()
            ?? throw new ArgumentException($"{type} has no {nameof(KubernetesEntityAttribute)}");
        return new ResourceType(entity.Group ?? string.Empty, entity.ApiVersion, entity.Kind, entity.PluralName);
    }
}
