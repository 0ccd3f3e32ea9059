{{- /* What a scaler aims at for each replica: by default as many jobs as it works on at a time. */ -}}
{{- define "captionfleet.jobsPerReplica" -}}
{{- default .concurrency .autoscaling.jobsPerReplica | int -}}
{{- end -}}

{{- /*
The most replicas of a pool. One that calls the model gets none that the account has no calls for: a quarter of the
fleet's slots is kept for calls under way (docs/pace.md, "The line"), so four times the calls in flight are enough.
*/ -}}
{{- define "captionfleet.maxReplicas" -}}
{{- $own := .pool.autoscaling -}}
{{- $slots := divf (mulf 4 .root.Values.model.requestsPerMinute .root.Values.autoscaling.callSeconds) 60 -}}
{{- if and .pool.callsModel (gt $slots 0.0) -}}
{{- max (int $own.minReplicas) (min (int $own.maxReplicas) (divf $slots .pool.concurrency | ceil | int)) -}}
{{- else -}}
{{- int $own.maxReplicas -}}
{{- end -}}
{{- end -}}

{{- /* A pod that goes takes its calls with it: no faster than one a minute, and not for a lull. */ -}}
{{- define "captionfleet.behavior" -}}
{{- dict "scaleDown" (dict "stabilizationWindowSeconds" (int .Values.autoscaling.scaleDownWindowSeconds) "policies" (list (dict "type" "Pods" "value" 1 "periodSeconds" 60))) | toJson -}}
{{- end -}}

{{- /* The labels that the PodMonitor gives to all that this release's workers say. */ -}}
{{- define "captionfleet.seriesLabels" -}}
namespace: {{ .Release.Namespace }}
app_kubernetes_io_instance: {{ .Release.Name }}
{{- end -}}

{{- /*
The jobs of a pool, waiting and running, in PromQL. Every worker shows the queues' lengths, so the greatest counts; each
shows its own slots, so they are added, and what it has in hand of deliveries. A pool without a pod runs nothing. Jobs in line for the account's limit are in
neither: more pods would not help them.
*/ -}}
{{- define "captionfleet.load" -}}
{{- $fleet := printf "namespace=%q,app_kubernetes_io_instance=%q" .root.Release.Namespace .root.Release.Name -}}
{{- $queues := join "|" .queues | replace "." "[.]" -}}
{{- printf "sum(max by (queue) (captionfleet_queue_messages{%s,queue=~%q})) + (sum(captionfleet_slots_busy{%s,captionfleet_pool=%q}) or vector(0))" $fleet $queues $fleet .name -}}
{{- if has "captionfleet.deliveries" .queues -}}
{{- printf " + (sum(captionfleet_deliveries_in_hand{%s,captionfleet_pool=%q}) or vector(0))" $fleet .name -}}
{{- end -}}
{{- end -}}

{{- /* What KEDA can be told and would not notice. */ -}}
{{- define "captionfleet.checkKeda" -}}
{{- $keda := .Values.autoscaling.keda -}}
{{- $least := 0 -}}
{{- range $name, $pool := include "captionfleet.pools" . | fromYaml -}}
{{- $least = max $least (int $pool.autoscaling.minReplicas) -}}
{{- if and (eq (int $pool.autoscaling.minReplicas) 0) (lt (int $keda.cooldownSeconds) (int $pool.graceSeconds)) -}}
{{- fail (printf "autoscaling.keda.cooldownSeconds is %d: less than pools.%s.graceSeconds, %d, and the last replica would go while calls are under way" (int $keda.cooldownSeconds) $name (int $pool.graceSeconds)) -}}
{{- end -}}
{{- end -}}
{{- if eq $keda.trigger "prometheus" -}}
{{- if not (include "captionfleet.servesMetrics" .) -}}
{{- fail "autoscaling.keda.trigger is prometheus, and no worker serves metrics: enable monitoring.podMonitor, or take the trigger broker" -}}
{{- end -}}
{{- if eq $least 0 -}}
{{- fail "autoscaling.keda.trigger is prometheus, and every pool may go down to no replica: then nobody tells how long the queues are. Give one pool a minReplicas of 1, or take the trigger broker" -}}
{{- end -}}
{{- end -}}
{{- end -}}
