# shellcheck shell=bash disable=SC2034
# The versions of Kubernetes, named here and nowhere else. Sourced by lib.sh.

# What is downloaded where the network allows: a release that has both envtest binaries and those of a node.
kubernetes_version=${BUILDIT_KUBERNETES_VERSION:-1.36.2}

# From this minor version on a kube-apiserver is current: it has everything that the definitions use, rules above all.
current_kubernetes_minor=29

# Without a download: Debian 12's source package for the whole, Debian unstable's library for the definition server. Both
# archives keep one version at a time, so these take what is there and name it.
