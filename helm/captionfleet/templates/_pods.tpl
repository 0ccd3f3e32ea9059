{{- /* What every pod has: an account without a token, and no right to be root. */ -}}
{{- define "captionfleet.pod" -}}
serviceAccountName: {{ include "captionfleet.fullname" .root }}-{{ .component }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
  {{- toYaml .root.Values.podSecurityContext | nindent 2 }}
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "captionfleet.container" -}}
image: {{ include "captionfleet.image" (dict "root" .root "name" .image) }}
imagePullPolicy: {{ .root.Values.images.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{- /* The Secrets that a component needs, as files below /run/secrets/captionfleet. */ -}}
{{- define "captionfleet.secretsVolume" -}}
name: secrets
projected:
  defaultMode: 0440
  sources:
    {{- range $file, $secret := .secrets }}
    - secret:
        name: {{ required (printf "%s: existingSecret is empty" $file) $secret.existingSecret }}
        items: [{key: {{ $secret.key }}, path: {{ $file }}}]
    {{- end }}
{{- end -}}

{{- define "captionfleet.webEgress" -}}
- to:
    {{- toYaml .Values.networkPolicy.web.to | nindent 4 }}
  ports:
    {{- range .Values.networkPolicy.web.ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end -}}

{{- define "captionfleet.dnsEgress" -}}
- to:
    {{- toYaml .Values.networkPolicy.dns.to | nindent 4 }}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- end -}}

{{- define "captionfleet.brokerEgress" -}}
- to:
    {{- toYaml .Values.networkPolicy.broker.to | nindent 4 }}
  ports:
    {{- range .Values.networkPolicy.broker.ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end -}}

{{- define "captionfleet.ledgerEgress" -}}
- to:
    {{- toYaml .Values.networkPolicy.ledger.to | nindent 4 }}
  ports:
    {{- range .Values.networkPolicy.ledger.ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end -}}
