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

{{- /* Jobs that may wait for each replica: by default as many as it works on at a time. */ -}}
{{- define "captionfleet.waitingPerReplica" -}}
{{- default .concurrency .autoscaling.waitingPerReplica | int -}}
{{- end -}}
