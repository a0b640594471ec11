{{/* What things are called. Suffixes are at most 22 characters, names at most 63. */}}

{{- define "suite.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "suite.fullname" -}}
{{- $name := include "suite.name" . -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{/* (list $ "gateway") -> name of that component's objects */}}
{{- define "suite.component" -}}
{{ printf "%s-%s" (include "suite.fullname" (index . 0)) (index . 1) }}
{{- end }}

{{/* (list $ "gateway") -> every name a Service is reached by inside the cluster, as a YAML list */}}
{{- define "suite.dnsNames" -}}
{{- $name := include "suite.component" . -}}
{{- $root := index . 0 -}}
{{- $ns := $root.Release.Namespace -}}
- {{ $name }}
- {{ $name }}.{{ $ns }}
- {{ $name }}.{{ $ns }}.svc
- {{ $name }}.{{ $ns }}.svc.{{ $root.Values.clusterDomain }}
{{- end }}

{{/* (list $ "gateway") -> where that component's gRPC is found, every replica by itself */}}
{{- define "suite.grpcTarget" -}}
{{- $root := index . 0 -}}
{{- $port := ternary 50052 50051 (eq (index . 1) "triage") -}}
dns:///{{ include "suite.component" . }}.{{ $root.Release.Namespace }}.svc:{{ $port }}
{{- end }}

{{/* (list $ "gateway") -> image of one of the three services */}}
{{- define "suite.image" -}}
{{- $root := index . 0 -}}
{{- $own := (index $root.Values (index . 1)).image -}}
{{- $registry := default $root.Values.image.registry $root.Values.global.imageRegistry -}}
{{- $repository := default (printf "%s/%s" $root.Values.image.repository (index . 1)) $own.repository -}}
{{- include "suite.imageReference" (list $registry $repository (default (default $root.Chart.AppVersion $root.Values.image.tag) $own.tag) $own.digest) -}}
{{- end }}

{{/* (list $ .Values.postgres) -> image of a bundled database */}}
{{- define "suite.bundledImage" -}}
{{- $image := (index . 1).image -}}
{{- $registry := default $image.registry (index . 0).Values.global.imageRegistry -}}
{{- include "suite.imageReference" (list $registry $image.repository $image.tag $image.digest) -}}
{{- end }}

{{- define "suite.imageReference" -}}
{{- $named := ternary (printf "%s/%s" (index . 0) (index . 1)) (index . 1) (ne (index . 0) "") -}}
{{- if index . 3 -}}{{ $named }}@{{ index . 3 }}{{- else -}}{{ $named }}:{{ index . 2 }}{{- end -}}
{{- end }}

{{- define "suite.authSecret" -}}
{{ default (include "suite.component" (list . "keys")) .Values.auth.existingSecret }}
{{- end }}

{{- define "suite.databaseSecret" -}}
{{- if .Values.postgres.enabled -}}
{{ include "suite.component" (list . "postgres") }}
{{- else -}}
{{ .Values.externalDatabase.existingSecret }}
{{- end -}}
{{- end }}

{{- define "suite.redisSecret" -}}
{{- if .Values.redis.enabled -}}
{{ include "suite.component" (list . "redis") }}
{{- else -}}
{{ .Values.externalRedis.existingSecret }}
{{- end -}}
{{- end }}

{{/* "job" or "hook": how the database is brought up to date */}}
{{- define "suite.migrations" -}}
{{- if eq .Values.migrations.mode "auto" -}}
{{ ternary "job" "hook" .Values.postgres.enabled }}
{{- else -}}
{{ .Values.migrations.mode }}
{{- end -}}
{{- end }}
