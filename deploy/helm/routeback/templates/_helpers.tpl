{{- define "routeback.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{- define "routeback.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "routeback.labels" -}}
{{ include "routeback.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "routeback.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end -}}

{{/* What is the same in every pod. enableServiceLinks: the variables of services begin with
ROUTEBACK_, and one that is no setting stops every process. */}}
{{- define "routeback.pod" -}}
enableServiceLinks: false
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "routeback.container" -}}
image: {{ include "routeback.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{/* Pods of one process are spread over nodes. Called with a list: the chart, the component. */}}
{{- define "routeback.spread" -}}
{{- $root := index . 0 -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{ include "routeback.selector" $root | nindent 8 }}
        app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* Called with a list: the chart, the variable, the key of the Secret, whether it may be absent. */}}
{{- define "routeback.secret" -}}
{{- $root := index . 0 -}}
- name: {{ index . 1 }}
  valueFrom:
    secretKeyRef:
      name: {{ $root.Values.secret.name }}
      key: {{ index . 2 }}
      {{- if index . 3 }}
      optional: true
      {{- end }}
{{- end -}}

{{/* What API and workers are given. */}}
{{- define "routeback.environment" -}}
- name: ROUTEBACK_CONFIG
  value: /etc/routeback/routeback.toml
- name: ROUTEBACK_SERVER__BACKGROUND
  value: workers
- name: ROUTEBACK_KNOWLEDGE__QDRANT_URL
  value: {{ .Values.qdrant.url | quote }}
{{- with .Values.model.url }}
- name: OPENAI_BASE_URL
  value: {{ . | quote }}
{{- end }}
{{- with .Values.model.name }}
- name: OPENAI_MODEL
  value: {{ . | quote }}
{{- end }}
{{- if .Values.nightly.enabled }}
- name: ROUTEBACK_EVALS__SCHEDULE
  value: "off"
{{- end }}
{{ include "routeback.secret" (list . "ROUTEBACK_DATABASE_URL" "database-url" false) }}
{{ include "routeback.secret" (list . "ROUTEBACK_SERVER__PAGE_KEY" "page-key" false) }}
{{ include "routeback.secret" (list . "ROUTEBACK_SIGN_IN__CLIENT_SECRET" "sign-in-client-secret" true) }}
{{ include "routeback.secret" (list . "ROUTEBACK_KNOWLEDGE__QDRANT_API_KEY" "qdrant-api-key" true) }}
{{ include "routeback.secret" (list . "ROUTEBACK_JUDGE__API_KEY" "judge-api-key" true) }}
{{ include "routeback.secret" (list . "OPENAI_API_KEY" "openai-api-key" true) }}
{{- end -}}

{{/* Where API and workers write: each its own folder, and what they share. */}}
{{- define "routeback.mounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: data, mountPath: /data}
- {name: files, mountPath: /data/uploads, subPath: uploads}
- {name: files, mountPath: /data/adapters, subPath: adapters}
- {name: weights, mountPath: /cache}
- {name: settings, mountPath: /etc/routeback, readOnly: true}
{{- end -}}

{{- define "routeback.volumes" -}}
- name: tmp
  emptyDir: {}
- name: data
  emptyDir: {}
{{- range $name, $volume := .Values.storage }}
- name: {{ $name }}
  {{- if $volume.enabled }}
  persistentVolumeClaim:
    claimName: {{ include "routeback.name" $ }}-{{ $name }}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- end }}
- name: settings
  configMap:
    name: {{ include "routeback.name" . }}
{{- end -}}

{{/* A change of the settings starts the pods anew. */}}
{{- define "routeback.annotations" -}}
checksum/settings: {{ .Values.settings | sha256sum }}
{{- end -}}
