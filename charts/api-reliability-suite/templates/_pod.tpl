{{/* What every pod has in common: locked down to the restricted Pod Security Standard. */}}

{{/* $ -> the pod's part */}}
{{- define "suite.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with concat .Values.global.imagePullSecrets .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  {{- if not .Values.security.randomUser }}
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* A container's part */}}
{{- define "suite.container" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* (list $ "gateway") -> where the pods go */}}
{{- define "suite.placement" -}}
{{- $own := index (index . 0).Values (index . 1) -}}
{{- with $own.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $own.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* (list $ "gateway") -> replicas apart: over zones, then over nodes, as far as there are any */}}
{{- define "suite.spread" -}}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: {{ $.unsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "suite.selector" $.of | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}

{{/* (list $ "gateway" drain-seconds) -> shutdown: out of the endpoints, then told, then drained */}}
{{- define "suite.grace" -}}
terminationGracePeriodSeconds: {{ include "suite.graceSeconds" . }}
{{- end }}

{{- define "suite.graceSeconds" -}}
{{- $shutdown := (index . 0).Values.shutdown -}}
{{ add (int $shutdown.preStopSeconds) (int $shutdown.delaySeconds) (int (index . 2)) 15 }}
{{- end }}

{{- define "suite.preStop" -}}
lifecycle:
  preStop:
    sleep:
      seconds: {{ .Values.shutdown.preStopSeconds }}
{{- end }}

{{/* $ -> settings that all three services read, as env */}}
{{- define "suite.env" -}}
- name: ENVIRONMENT
  value: {{ .Values.environment | quote }}
- name: LOG_LEVEL
  value: {{ .Values.logLevel | quote }}
- name: SETTINGS_SECRETS_DIR
  value: /run/suite/secrets
- name: SHUTDOWN_DELAY_SECONDS
  value: {{ .Values.shutdown.delaySeconds | quote }}
- name: TOKEN_ALGORITHM
  value: {{ .Values.tokens.algorithm | quote }}
- name: TOKEN_ISSUER
  value: {{ .Values.tokens.issuer | quote }}
- name: TOKEN_AUDIENCE
  value: {{ .Values.tokens.audience | quote }}
{{- with .Values.observability.otlp.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ $.Values.observability.otlp.sampleRatio | quote }}
{{- end }}
{{- if eq .Values.tls.mode "mesh" }}
- name: SERVICE_MESH_MTLS
  value: "true"
{{- else }}
- name: TLS_CERT_FILE
  value: /run/suite/tls/tls.crt
- name: TLS_KEY_FILE
  value: /run/suite/tls/tls.key
- name: TLS_CA_FILE
  value: /run/suite/tls/ca.crt
{{- end }}
{{- end }}

{{/* (list settings-map) -> the settings a value of the chart's own does not name */}}
{{- define "suite.settings" -}}
{{- range $name, $value := . }}
- name: {{ $name }}
  value: {{ ternary (printf "%d" (int64 $value)) (toString $value) (and (kindIs "float64" $value) (eq (floor $value) $value)) | quote }}
{{- end }}
{{- end }}

{{/* (list $ "gateway") -> mounts of every service */}}
{{- define "suite.mounts" -}}
- name: secrets
  mountPath: /run/suite/secrets
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- if ne (index . 0).Values.tls.mode "mesh" }}
- name: tls
  mountPath: /run/suite/tls
  readOnly: true
{{- end }}
{{- with (index (index . 0).Values (index . 1)).extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* (list $ "gateway") -> volumes of every service but its secrets */}}
{{- define "suite.volumes" -}}
{{- $root := index . 0 -}}
- name: tmp
  emptyDir:
    sizeLimit: 256Mi
{{- if ne $root.Values.tls.mode "mesh" }}
- name: tls
  secret:
    secretName: {{ include "suite.tlsSecret" . }}
    defaultMode: 0440
{{- end }}
{{- with (index $root.Values (index . 1)).extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* (list name (list keys) optional) -> one source of the projected secrets; a file is called like its setting */}}
{{- define "suite.secretSource" -}}
- secret:
    name: {{ index . 0 }}
    optional: {{ index . 2 }}
    items:
      {{- range index . 1 }}
      - key: {{ . }}
        path: {{ . }}
      {{- end }}
{{- end }}

{{/* $ -> CAs of external stores */}}
{{- define "suite.databaseCaMount" -}}
{{- if and (not .Values.postgres.enabled) .Values.externalDatabase.caSecret }}
- name: database-ca
  mountPath: /run/suite/database-ca
  readOnly: true
{{- end }}
{{- end }}
{{- define "suite.databaseCaVolume" -}}
{{- if and (not .Values.postgres.enabled) .Values.externalDatabase.caSecret }}
- name: database-ca
  secret:
    secretName: {{ .Values.externalDatabase.caSecret }}
    defaultMode: 0440
{{- end }}
{{- end }}
{{- define "suite.redisCaMount" -}}
{{- if and (not .Values.redis.enabled) .Values.externalRedis.caSecret }}
- name: redis-ca
  mountPath: /run/suite/redis-ca
  readOnly: true
{{- end }}
{{- end }}
{{- define "suite.redisCaVolume" -}}
{{- if and (not .Values.redis.enabled) .Values.externalRedis.caSecret }}
- name: redis-ca
  secret:
    secretName: {{ .Values.externalRedis.caSecret }}
    defaultMode: 0440
{{- end }}
{{- end }}
