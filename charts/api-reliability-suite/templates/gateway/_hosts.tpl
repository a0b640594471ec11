{{/* Names the gateway answers to: those given, those of the routes to it, and its own in the cluster. */}}
{{- define "suite.trustedHosts" -}}
{{- $hosts := .Values.gateway.trustedHosts -}}
{{- if .Values.ingress.enabled -}}
{{- $hosts = concat $hosts .Values.ingress.hosts -}}
{{- end -}}
{{- if .Values.httpRoute.enabled -}}
{{- $hosts = concat $hosts .Values.httpRoute.hostnames -}}
{{- end -}}
{{- $own := include "suite.dnsNames" (list . "gateway") | fromYamlArray -}}
{{ concat $hosts $own | uniq | join "," }}
{{- end }}
