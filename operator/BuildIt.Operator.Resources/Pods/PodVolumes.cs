using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Names;
using BuildIt.Sfu.Contracts;
using k8s.Models;

namespace BuildIt.Operator.Resources.Pods;

/// <summary>What is mounted into a node. Everything but the scratch space is read-only.</summary>
internal static class PodVolumes
{
    public const string AdvertisePath = "/etc/buildit/advertise";
    public const string ApiKeysPath = "/etc/buildit/api-keys";
    public const string ControlTlsPath = "/etc/buildit/control-tls";
    public const string SignalTlsPath = "/etc/buildit/signal-tls";
    public const string TurnPath = "/etc/buildit/turn";
    public const string TurnSecretPath = TurnPath + "/secret";

    public static (List<V1Volume> Volumes, List<V1VolumeMount> Mounts) Of(SfuCluster cluster)
    {
        var volumes = new List<V1Volume>();
        var mounts = new List<V1VolumeMount>();

        volumes.Add(new V1Volume { Name = PodVolumeNames.Advertise, DownwardAPI = Advertise() });
        mounts.Add(ReadOnly(PodVolumeNames.Advertise, AdvertisePath));
        AddSecret(PodVolumeNames.ApiKeys, cluster.Spec.ApiKeysSecretRef.Name, ApiKeysPath);
        AddSecret(PodVolumeNames.ControlTls, ResourceNames.ControlNodeSecret(cluster.Metadata.Name), ControlTlsPath);
        if (cluster.Spec.Network.TlsSecretRef is { } tls)
        {
            AddSecret(PodVolumeNames.SignalTls, tls.Name, SignalTlsPath);
        }

        if (cluster.Spec.Turn is { } turn)
        {
            AddSecret(PodVolumeNames.Turn, turn.SecretRef.Name, TurnPath);
        }

        volumes.Add(new V1Volume { Name = PodVolumeNames.Scratch, EmptyDir = new V1EmptyDirVolumeSource { SizeLimit = new ResourceQuantity("64Mi") } });
        mounts.Add(new V1VolumeMount { Name = PodVolumeNames.Scratch, MountPath = "/tmp" });
        return (volumes, mounts);

        void AddSecret(string name, string secret, string path)
        {
            volumes.Add(new V1Volume { Name = name, Secret = new V1SecretVolumeSource { SecretName = secret } });
            mounts.Add(ReadOnly(name, path));
        }
    }

    private static V1VolumeMount ReadOnly(string name, string path) => new() { Name = name, MountPath = path, ReadOnlyProperty = true };

    private static V1DownwardAPIVolumeSource Advertise() => new()
    {
        Items =
        [
            File(AdvertiseFiles.Address, PodAnnotations.AdvertiseAddress),
            File(AdvertiseFiles.UdpPort, PodAnnotations.AdvertiseUdpPort),
            File(AdvertiseFiles.TcpPort, PodAnnotations.AdvertiseTcpPort),
            File(AdvertiseFiles.LogLevel, PodAnnotations.LogLevel),
        ],
    };

    private static V1DownwardAPIVolumeFile File(string name, string annotation) => new()
    {
        Path = name,
        FieldRef = new V1ObjectFieldSelector { ApiVersion = "v1", FieldPath = $"metadata.annotations['{annotation}']" },
    };
}
