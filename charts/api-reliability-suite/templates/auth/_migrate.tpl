{{/* The pod that brings the database up to date. */}}
{{- define "suite.migratePod" -}}
metadata:
  labels:
    {{- include "suite.podLabels" (list . "migrate") | nindent 4 }}
spec:
  restartPolicy: OnFailure
  {{- include "suite.pod" . | nindent 2 }}
  containers:
    - name: migrate
      image: {{ include "suite.image" (list . "auth") }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [migrate]
      securityContext:
        {{- include "suite.container" . | nindent 8 }}
      env:
        - name: ENVIRONMENT
          value: {{ .Values.environment | quote }}
        - name: LOG_LEVEL
          value: {{ .Values.logLevel | quote }}
        - name: SETTINGS_SECRETS_DIR
          value: /run/suite/secrets
      resources:
        {{- toYaml .Values.migrations.resources | nindent 8 }}
      volumeMounts:
        - name: secrets
          mountPath: /run/suite/secrets
          readOnly: true
        - name: tmp
          mountPath: /tmp
        {{- if and .Values.postgres.enabled .Values.postgres.tls.enabled }}
        - name: tls
          mountPath: /run/suite/tls
          readOnly: true
        {{- end }}
        {{- include "suite.databaseCaMount" . | nindent 8 }}
  volumes:
    - name: secrets
      projected:
        defaultMode: 0440
        sources:
          {{- include "suite.secretSource" (list (include "suite.databaseSecret" .) (list "database_url") false) | nindent 10 }}
          {{- include "suite.secretSource" (list (include "suite.databaseSecret" .) (list "migration_database_url") true) | nindent 10 }}
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
    {{- if and .Values.postgres.enabled .Values.postgres.tls.enabled }}
    - name: tls
      secret:
        secretName: {{ include "suite.tlsSecret" (list . "auth") }}
        defaultMode: 0440
        items:
          - key: ca.crt
            path: ca.crt
    {{- end }}
    {{- include "suite.databaseCaVolume" . | nindent 4 }}
{{- end }}
