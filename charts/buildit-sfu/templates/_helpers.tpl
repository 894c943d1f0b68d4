{{/* The chart's name in labels. */}}
{{- define "buildit-sfu.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* What the names of all objects begin with. Short enough for every suffix within the 63 characters of a DNS label. */}}
{{- define "buildit-sfu.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* Cluster-wide objects of two releases with one name in two namespaces must not be the same. */}}
{{- define "buildit-sfu.clusterName" -}}
{{- $name := include "buildit-sfu.fullname" . }}
{{- ternary $name (printf "%s-%s" .Release.Namespace $name) (eq .Release.Namespace $name) }}
{{- end }}

{{/* Labels of everything. Call with (dict "root" $ "component" "operator"). */}}
{{- define "buildit-sfu.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "buildit-sfu.selectorLabels" . }}
app.kubernetes.io/part-of: buildit-sfu
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Labels of pods: without versions, so that an upgrade of the chart alone restarts nothing. */}}
{{- define "buildit-sfu.podLabels" -}}
{{ include "buildit-sfu.selectorLabels" . }}
app.kubernetes.io/part-of: buildit-sfu
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Labels by which pods are chosen; they never change between versions. */}}
{{- define "buildit-sfu.selectorLabels" -}}
app.kubernetes.io/name: {{ include "buildit-sfu.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* An image reference. Call with (dict "root" $ "image" .Values.operator.image). */}}
{{- define "buildit-sfu.image" -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ .image.tag | default .root.Chart.AppVersion }}
{{- end }}
{{- end }}

{{/* What the Pod Security Standard "restricted" asks of a pod. */}}
{{- define "buildit-sfu.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* And of a container. */}}
{{- define "buildit-sfu.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Where pods may run. Call with (dict "root" $ "values" .Values.operator). */}}
{{- define "buildit-sfu.scheduling" -}}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
tolerations:
  {{- /* Kubernetes' own default is five minutes, in which nobody would find a room. */}}
  {{- range list "node.kubernetes.io/not-ready" "node.kubernetes.io/unreachable" }}
  - key: {{ . }}
    operator: Exists
    effect: NoExecute
    tolerationSeconds: {{ $.root.Values.leaveDeadNodesAfterSeconds }}
  {{- end }}
  {{- with .values.tolerations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{/* Spreads replicas. Call with (dict "root" $ "component" "operator" "values" .Values.operator). */}}
{{- define "buildit-sfu.spread" -}}
topologySpreadConstraints:
{{- if .values.topologySpreadConstraints }}
  {{- toYaml .values.topologySpreadConstraints | nindent 2 }}
{{- else }}
{{- $component := . }}
{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "buildit-sfu.selectorLabels" $component | nindent 8 }}
{{- end }}
{{- end }}
{{- end }}

{{/* How a process logs and traces. Call with (dict "root" $ "prefix" "BUILDIT_OPERATOR" "level" .Values.operator.logLevel). */}}
{{- define "buildit-sfu.telemetry" -}}
- name: {{ .prefix }}_LOG_LEVEL
  value: {{ .level | quote }}
- name: {{ .prefix }}_LOG_LEVEL_FILE
  value: /etc/buildit/pod/log-level
- name: {{ .prefix }}_LOG_FORMAT
  value: {{ .root.Values.logFormat }}
{{- with .root.Values.tracing }}
{{- if .endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .endpoint | quote }}
- name: OTEL_EXPORTER_OTLP_PROTOCOL
  value: {{ .protocol | quote }}
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ .sampleRatio | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* What people say to a running pod by its annotations. Kubernetes writes it anew when they change. */}}
{{- define "buildit-sfu.podVolume" -}}
- name: pod
  downwardAPI:
    items:
      - path: log-level
        fieldRef:
          apiVersion: v1
          fieldPath: metadata.annotations['sfu.buildit.network/log-level']
{{- end }}

{{- define "buildit-sfu.podMount" -}}
- name: pod
  mountPath: /etc/buildit/pod
  readOnly: true
{{- end }}

{{/* Where the room API runs. */}}
{{- define "buildit-sfu.roomApiNamespace" -}}
{{- .Values.roomApi.namespace | default .Values.watchNamespace | default .Release.Namespace }}
{{- end }}

{{/* What is reached from outside, as a JSON list: the room API under its public name, and the signalling of the fleets named. */}}
{{- define "buildit-sfu.entrances" -}}
{{- $all := list }}
{{- if .Values.roomApi.enabled }}
{{- $host := regexReplaceAll ":[0-9]+$" (urlParse .Values.roomApi.publicUrl).host "" }}
{{- $service := printf "%s-room-api" (include "buildit-sfu.fullname" .) }}
{{- $all = append $all (dict "name" $service "namespace" (include "buildit-sfu.roomApiNamespace" .) "host" $host "tlsSecret" .Values.ingress.roomApiTlsSecret "service" $service "port" 8080) }}
{{- end }}
{{- range .Values.signalEntrances }}
{{- $service := printf "%s-signal" .fleet }}
{{- $all = append $all (dict "name" $service "namespace" (.namespace | default $.Values.watchNamespace | default $.Release.Namespace) "host" .host "tlsSecret" (.tlsSecret | default "") "service" $service "port" (.port | default 7880)) }}
{{- end }}
{{- if not $all }}{{ fail "nothing is reached from outside: set roomApi.enabled, or name fleets in signalEntrances" }}{{ end }}
{{- toJson $all }}
{{- end }}

{{/* What the operator and the room API both speak to: names, the API server, Redis. No selector knows where these are. */}}
{{- define "buildit-sfu.egressBasics" -}}
- ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
- ports:
    {{- range concat .Values.networkPolicies.apiServerPorts .Values.networkPolicies.redisPorts }}
    - port: {{ . }}
      protocol: TCP
    {{- end }}
{{- with .Values.tracing.endpoint }}
- ports:
    - port: {{ regexFind ":[0-9]+$" (urlParse .).host | trimPrefix ":" | default (ternary "443" "80" (hasPrefix "https:" .)) }}
      protocol: TCP
{{- end }}
{{- with .Values.networkPolicies.furtherEgress }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end }}

{{/* The version of the disruption budget's API: policy/v1 came with Kubernetes 1.21. */}}
{{- define "buildit-sfu.policyVersion" -}}
{{- ternary "policy/v1" "policy/v1beta1" (semverCompare ">=1.21-0" .Capabilities.KubeVersion.Version) }}
{{- end }}
