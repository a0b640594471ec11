{{/* Network policies: nothing may talk but what is named here. */}}

{{/* (list $ "gateway") -> a policy's head for that component's pods */}}
{{- define "suite.policy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "suite.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "suite.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
{{- end }}

{{/* (list $ "auth" 50051) -> egress to a component of ours */}}
{{- define "suite.to" -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "suite.selector" . | nindent 10 }}
  ports:
    - port: {{ index . 2 }}
{{- end }}

{{/* (list $ 50051 "gateway" "triage") -> ingress from components of ours */}}
{{- define "suite.from" -}}
{{- $root := index . 0 -}}
- from:
    {{- range slice . 2 }}
    - podSelector:
        matchLabels:
          {{- include "suite.selector" (list $root .) | nindent 10 }}
    {{- end }}
  ports:
    - port: {{ index . 1 }}
{{- end }}

{{/* (list peers port port ...) -> egress to somebody else; to anywhere where no peer is given */}}
{{- define "suite.toOthers" -}}
- {{- with index . 0 }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    {{- range slice . 1 }}
    - port: {{ . }}
    {{- end }}
{{- end }}

{{- define "suite.toDns" -}}
- to:
    {{- toYaml .Values.networkPolicy.to.dns | nindent 4 }}
  ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
{{- end }}

{{- define "suite.toDatabase" -}}
{{- if .Values.postgres.enabled -}}
{{ include "suite.to" (list . "postgres" 5432) }}
{{- else -}}
{{ include "suite.toOthers" (list .Values.networkPolicy.to.database (int .Values.externalDatabase.port)) }}
{{- end -}}
{{- end }}

{{- define "suite.toRedis" -}}
{{- if .Values.redis.enabled -}}
{{ include "suite.to" (list . "redis" 6379) }}
{{- else -}}
{{ include "suite.toOthers" (list .Values.networkPolicy.to.redis (int .Values.externalRedis.port)) }}
{{- end -}}
{{- end }}

{{- define "suite.toCollector" -}}
{{- with .Values.observability.otlp.endpoint }}
{{ include "suite.toOthers" (list $.Values.networkPolicy.to.collector (include "suite.port" . | int)) }}
{{- end }}
{{- end }}

{{/* An address -> its port */}}
{{- define "suite.port" -}}
{{- $url := urlParse . -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{ default (ternary "443" "80" (eq $url.scheme "https")) $port }}
{{- end }}

{{/* (list port) -> whoever in this namespace asks; the kubelet comes from the node and needs no leave. */}}
{{- define "suite.fromHealth" -}}
- from:
    - podSelector: {}
  ports:
    - port: {{ index . 0 }}
{{- end }}

{{- define "suite.fromPrometheus" -}}
- from:
    - podSelector: {}
    {{- with .Values.networkPolicy.from.prometheus }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  ports:
    - port: 8001
{{- end }}
