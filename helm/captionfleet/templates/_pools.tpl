{{- /* The pools with their defaults, as YAML: what a pool says wins. */ -}}
{{- define "captionfleet.pools" -}}
{{- $pools := dict -}}
{{- range $name, $said := .Values.pools -}}
{{- $pool := mergeOverwrite (deepCopy $.Values.poolDefaults) (deepCopy $said) -}}
{{- $calls := or (has "captions" $pool.queues) (has "captions.bulk" $pool.queues) -}}
{{- if and $calls (lt (int $pool.graceSeconds) (int $.Values.model.callTimeoutSeconds)) -}}
{{- fail (printf "pools.%s.graceSeconds is %d: a call may take model.callTimeoutSeconds, %d, and a pod that stops would cut it off" $name (int $pool.graceSeconds) (int $.Values.model.callTimeoutSeconds)) -}}
{{- end -}}
{{- if gt (int $pool.autoscaling.minReplicas) (int $pool.autoscaling.maxReplicas) -}}
{{- fail (printf "pools.%s.autoscaling: minReplicas is more than maxReplicas" $name) -}}
{{- end -}}
{{- $_ := set $pools $name (set $pool "callsModel" $calls) -}}
{{- end -}}
{{- toYaml $pools -}}
{{- end -}}

{{- /* The secrets of a pool, by the file that each becomes. */ -}}
{{- define "captionfleet.poolSecrets" -}}
{{- $secrets := dict "broker-url" .root.Values.broker "ledger-url" .root.Values.ledger -}}
{{- $model := .root.Values.model -}}
{{- if and .pool.callsModel $model.accountsKey -}}
{{- $_ := set $secrets "model-accounts" (dict "existingSecret" $model.existingSecret "key" $model.accountsKey) -}}
{{- else if .pool.callsModel -}}
{{- $_ := set $secrets "model-api-key" $model -}}
{{- end -}}
{{- if .root.Values.webhooks.existingSecret }}{{ $_ := set $secrets "webhook-secrets" .root.Values.webhooks }}{{ end -}}
{{- toYaml $secrets -}}
{{- end -}}
