using System.Reflection;
using k8s.Models;

namespace BuildIt.KubectlSfu.Access;

/// <summary>Paths of kinds in the Kubernetes API.</summary>
internal static class KindPaths
{
    /// <summary>The path of a list, or of one object.</summary>
    /// <param name="ns">Namespace; null for all of them, or for kinds of the whole cluster.</param>
    /// <param name="name">The object; null for the list.</param>
    public static string PathOf<T>(string? ns, string? name = null)
    {
        var entity = Of<T>();
        var group = string.IsNullOrEmpty(entity.Group) ? $"api/{entity.ApiVersion}" : $"apis/{entity.Group}/{entity.ApiVersion}";
        var within = ns is null ? group : $"{group}/namespaces/{Uri.EscapeDataString(ns)}";
        return name is null ? $"{within}/{entity.PluralName}" : $"{within}/{entity.PluralName}/{Uri.EscapeDataString(name)}";
    }

    /// <summary>What people call the kind: its plural.</summary>
    public static string PluralOf<T>() => Of<T>().PluralName;

    private static KubernetesEntityAttribute Of<T>() =>
        typeof(T).GetCustomAttribute<KubernetesEntityAttribute>() ?? throw new ArgumentException($"{typeof(T).Name} is not a kind of Kubernetes");
}
