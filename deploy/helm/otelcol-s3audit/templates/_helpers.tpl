{{- define "s3audit.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 46 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 46 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "s3audit.account" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "s3audit.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- /* What selects pods: it may not change while a release lives. */ -}}
{{- define "s3audit.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "s3audit.labels" -}}
{{ include "s3audit.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "s3audit.receiver" -}}
{{- if eq .Values.mode "queue" }}
queue:
  url: {{ required "queue.url is required in mode queue" .Values.queue.url | quote }}
  {{- if not .Values.queue.buckets }}
  {{- fail "queue.buckets is required in mode queue" }}
  {{- end }}
  buckets: {{ .Values.queue.buckets | toJson }}
{{- else if eq .Values.mode "bucket" }}
bucket:
  name: {{ required "bucket.name is required in mode bucket" .Values.bucket.name | quote }}
  prefix: {{ .Values.bucket.prefix | quote }}
  start_from: {{ .Values.bucket.startFrom | quote }}
{{- else }}
{{- fail (printf "mode is queue or bucket, not %q" .Values.mode) }}
{{- end }}
storage: file_storage
{{- end -}}

{{- define "s3audit.base" -}}
receivers:
  s3_access_logs:
    {{- $made := fromYaml (include "s3audit.receiver" .) }}
    {{- toYaml (mergeOverwrite $made (deepCopy .Values.receiver)) | nindent 4 }}
exporters:
  otlp_grpc:
    endpoint: {{ required "exporter.endpoint is required" .Values.exporter.endpoint | quote }}
    {{- if .Values.exporter.insecure }}
    tls: {insecure: true}
    {{- end }}
    {{- if .Values.exporter.tokenSecret.name }}
    headers:
      authorization: Bearer ${env:OTLP_TOKEN}
    {{- end }}
    # An object is done when its records are accepted. A queue in memory accepts them
    # before they are sent.
    sending_queue: {enabled: true, wait_for_result: true}
    # The receiver retries already.
    retry_on_failure: {enabled: false}
extensions:
  health_check: # the pod is ready: objects could be looked for, and are accepted
    endpoint: ${env:POD_IP}:13133
    component_health: {include_permanent_errors: true, include_recoverable_errors: true, recovery_duration: 0s}
  health_check/alive: # the collector runs, whatever S3 and the back end do
    endpoint: ${env:POD_IP}:13134
  file_storage:
    directory: /var/lib/otelcol-s3audit
    fsync: true # a volume can come back without what its node had not written
service:
  telemetry:
    metrics:
      readers:
        - pull: {exporter: {prometheus: {host: "${env:POD_IP}", port: 8888}}}
  extensions: [health_check, health_check/alive, file_storage]
  pipelines:
    logs: {receivers: [s3_access_logs], exporters: [otlp_grpc]}
    metrics: {receivers: [s3_access_logs], exporters: [otlp_grpc]}
{{- end -}}

{{- define "s3audit.config" -}}
{{- toYaml (mergeOverwrite (fromYaml (include "s3audit.base" .)) (deepCopy .Values.config)) -}}
{{- end -}}
