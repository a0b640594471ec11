{{/* Labels: those of a selector never change, or an upgrade would be refused. */}}

{{/* (list $ "gateway") */}}
{{- define "suite.selector" -}}
app.kubernetes.io/name: {{ include "suite.name" (index . 0) }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* (list $ "gateway") */}}
{{- define "suite.labels" -}}
{{- $root := index . 0 -}}
{{ include "suite.selector" . }}
app.kubernetes.io/part-of: api-reliability-suite
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* (list $ "gateway") -> labels of a pod: without the version, so that a release that changes nothing restarts nothing */}}
{{- define "suite.podLabels" -}}
{{ include "suite.selector" . }}
app.kubernetes.io/part-of: api-reliability-suite
{{- with (index . 0).Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* (list $ "gateway") -> metadata of an object named after a component */}}
{{- define "suite.metadata" -}}
name: {{ include "suite.component" . }}
namespace: {{ (index . 0).Release.Namespace }}
labels:
  {{- include "suite.labels" . | nindent 2 }}
{{- end }}
