{{/* Probes: starting may take a minute, liveness asks no other machine, readiness is told within seconds. */}}

{{- define "suite.httpProbes" -}}
startupProbe:
  httpGet:
    path: /livez
    port: internal
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  httpGet:
    path: /livez
    port: internal
  periodSeconds: 10
  timeoutSeconds: 3
readinessProbe:
  httpGet:
    path: /readyz
    port: internal
  periodSeconds: 3
  timeoutSeconds: 2
  failureThreshold: 2
{{- end }}

{{/* The kubelet has no certificate to show, so health has a port of its own that tells nothing else. */}}
{{- define "suite.grpcProbes" -}}
startupProbe:
  grpc:
    port: 8081
    service: live
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  grpc:
    port: 8081
    service: live
  periodSeconds: 10
  timeoutSeconds: 3
readinessProbe:
  grpc:
    port: 8081
  periodSeconds: 3
  timeoutSeconds: 2
  failureThreshold: 2
{{- end }}
