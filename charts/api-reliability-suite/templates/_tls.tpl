{{/* Certificates: whose there are, and in which Secret each is. */}}

{{/* $ -> components that have a certificate, as words */}}
{{- define "suite.tlsComponents" -}}
gateway auth
{{- if .Values.triage.enabled }} triage{{ end }}
{{- if and .Values.postgres.enabled .Values.postgres.tls.enabled }} postgres{{ end }}
{{- if and .Values.redis.enabled .Values.redis.tls.enabled }} redis{{ end }}
{{- end }}

{{/* (list $ "gateway") */}}
{{- define "suite.tlsSecret" -}}
{{- $root := index . 0 -}}
{{- if eq $root.Values.tls.mode "existing" -}}
{{ get $root.Values.tls.existingSecrets (index . 1) }}
{{- else -}}
{{ include "suite.component" . }}-tls
{{- end -}}
{{- end }}
