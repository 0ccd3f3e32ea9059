{{- /* Not empty where workers serve metrics. */ -}}
{{- define "captionfleet.servesMetrics" -}}
{{- if or .Values.monitoring.metrics.enabled .Values.monitoring.podMonitor.enabled -}}
{{- if and .Values.networkPolicy.enabled (not .Values.monitoring.from) -}}
{{- fail "monitoring.from is empty: the network policy would let no Prometheus reach the metrics" -}}
{{- end -}}
yes
{{- end -}}
{{- end -}}

{{- /* The groups of monitoring/rules.yaml, with the labels, severities and addresses that the values say. */ -}}
{{- define "captionfleet.alerts" -}}
{{- $said := .Values.monitoring.prometheusRule -}}
{{- $groups := (.Files.Get "monitoring/rules.yaml" | fromYaml).groups -}}
{{- $names := list -}}
{{- range $groups -}}
{{- range .rules -}}
{{- if .alert -}}
{{- $names = append $names .alert -}}
{{- $severity := index $said.severities .alert | default .labels.severity -}}
{{- $_ := mergeOverwrite .labels $said.alertLabels (dict "severity" $severity) -}}
{{- $_ := set .annotations "runbook_url" (print $said.runbooks .annotations.runbook_url) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name, $_ := $said.severities -}}
{{- if not (has $name $names) -}}
{{- fail (printf "monitoring.prometheusRule.severities.%s: there is no such alert" $name) -}}
{{- end -}}
{{- end -}}
{{- toYaml $groups -}}
{{- end -}}
