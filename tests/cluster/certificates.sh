# shellcheck shell=bash
# The cluster's certificates, made with openssl. Sourced after lib.sh.
# Elliptic keys: made in a millisecond, where RSA would be most of the start-up time.

certificate_days=365

make_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1" 2>/dev/null; }

# make_authority DIR: the one authority that everything in the cluster trusts.
make_authority() {
  local pki=$1/pki
  mkdir -p "$pki"
  chmod 0700 "$pki"
  make_key "$pki/ca.key"
  openssl req -x509 -new -key "$pki/ca.key" -sha256 -days "$certificate_days" \
    -subj "/CN=buildit-local-cluster" -out "$pki/ca.crt"
}

# issue DIR NAME SUBJECT USAGE [ALTERNATIVE NAMES]: USAGE is serverAuth, clientAuth or both.
issue() {
  local pki=$1/pki name=$2 subject=$3 usage=$4 names=${5:-}
  make_key "$pki/$name.key"
  openssl req -new -key "$pki/$name.key" -subj "$subject" -out "$pki/$name.csr"
  {
    echo "basicConstraints=critical,CA:FALSE"
    echo "keyUsage=critical,digitalSignature"
    echo "extendedKeyUsage=$usage"
    [ -z "$names" ] || echo "subjectAltName=$names"
  } >"$pki/$name.ext"
  # A random serial number needs no file shared between two that issue at once.
  openssl x509 -req -in "$pki/$name.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" \
    -set_serial "0x$(openssl rand -hex 16)" -sha256 -days "$certificate_days" \
    -extfile "$pki/$name.ext" -out "$pki/$name.crt" 2>/dev/null
  rm -f "$pki/$name.csr" "$pki/$name.ext"
}

# write_kubeconfig DIR NAME SERVER FILE: the certificates are in the file, so it can be copied.
write_kubeconfig() {
  local pki=$1/pki name=$2 server=$3 file=$4
  (
    umask 077
    cat >"$file" <<YAML
apiVersion: v1
kind: Config
clusters:
- name: buildit
  cluster:
    server: $server
    certificate-authority-data: $(base64 -w0 "$pki/ca.crt")
users:
- name: $name
  user:
    client-certificate-data: $(base64 -w0 "$pki/$name.crt")
    client-key-data: $(base64 -w0 "$pki/$name.key")
contexts:
- name: buildit
  context:
    cluster: buildit
    user: $name
current-context: buildit
YAML
  )
}
