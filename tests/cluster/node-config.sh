# shellcheck shell=bash disable=SC2154
# Writes what the programs of a node read. Sourced by node.sh, which sets the variables.

write_node_configuration() {
  mkdir -p "$node/cni" "$node/logs" "$node/pod-logs"
  issue "$dir" "$name" "/O=system:nodes/CN=system:node:$name" clientAuth,serverAuth "IP:$address,DNS:$name"
  issue "$dir" "$name-proxy" "/CN=system:kube-proxy" clientAuth
  local server=https://$api_address:$api_port
  write_kubeconfig "$dir" "$name" "$server" "$node/kubelet.kubeconfig"
  write_kubeconfig "$dir" "$name-proxy" "$server" "$node/kube-proxy.kubeconfig"
  # A server on a loopback address of this machine cannot be asked from inside a node.
  grep -E '^nameserver' /etc/resolv.conf | grep -v ' 127\.' >"$node/resolv.conf" || true
  echo "address=$address" >"$node/dns.env"
  containerd_configuration >"$node/containerd.toml"
  cni_configuration >"$node/cni/10-pods.conflist"
  kubelet_configuration >"$node/kubelet.yaml"
  kube_proxy_configuration >"$node/kube-proxy.yaml"
}

containerd_configuration() {
  local plugins=/usr/lib/cni
  [ -x $plugins/ptp ] || plugins=/opt/cni/bin
  cat <<TOML
version = 2
root = "$node/containerd"
state = "$sockets/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.tracing"]

[grpc]
  address = "$sockets/containerd.sock"

[plugins."io.containerd.internal.v1.opt"]
  path = "$node/opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/buildit/pause:local"
  # In a virtual machine's container the score of a parent may not be lowered by its children.
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$plugins"
    conf_dir = "$node/cni"
TOML
}

# ptp rather than bridge: each pod has a link of its own to the node and everything it sends is
# routed, so Services work without the kernel's bridge firewalling. portmap serves hostPort.
cni_configuration() {
  cat <<JSON
{
  "cniVersion": "0.4.0",
  "name": "pods",
  "plugins": [
    {
      "type": "ptp",
      "ipMasq": false,
      "ipam": {
        "type": "host-local",
        "dataDir": "$node/addresses",
        "ranges": [[{ "subnet": "$node_pods" }]],
        "routes": [{ "dst": "0.0.0.0/0" }]
      }
    },
    { "type": "portmap", "capabilities": { "portMappings": true }, "snat": true }
  ]
}
JSON
}

kubelet_configuration() {
  # A current kubelet refuses control groups of version 1, which this machine may have, unless told otherwise; one before 1.31
  # refuses the word.
  [ "$minor" -lt 31 ] || echo "failCgroupV1: false"
  cat <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: { enabled: false }
  webhook: { enabled: true }
  x509: { clientCAFile: $dir/pki/ca.crt }
authorization: { mode: Webhook }
tlsCertFile: $dir/pki/$name.crt
tlsPrivateKeyFile: $dir/pki/$name.key
cgroupDriver: cgroupfs
cgroupRoot: /$cgroup
failSwapOn: false
enforceNodeAllocatable: []
clusterDNS: [$address]
clusterDomain: cluster.local
resolvConf: $node/resolv.conf
readOnlyPort: 0
healthzPort: 0
nodeStatusUpdateFrequency: 4s
# Sooner than the usual minute, so that nobody waits for changed annotations to reach a pod's files.
syncFrequency: 10s
# Images come by import and could not be fetched again, so they are never cleaned up.
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard: { memory.available: 100Mi, nodefs.available: 1%, nodefs.inodesFree: 1%, imagefs.available: 1% }
YAML
}

kube_proxy_configuration() {
  cat <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
hostnameOverride: $name
clusterCIDR: $pod_cidr
clientConnection: { kubeconfig: $node/kube-proxy.kubeconfig }
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
iptables: { minSyncPeriod: 0s, syncPeriod: 30s }
# The machine's connection tracking is not ours to resize.
conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s }
YAML
}
