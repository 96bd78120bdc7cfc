/** What watches a server: Prometheus' configuration and rules, and a Grafana dashboard, on the metrics that the server has. */
import type { Yaml } from './yaml.ts'

export const prometheusConfig = (model: string): Yaml => ({
  global: { scrape_interval: '15s', evaluation_interval: '15s' },
  rule_files: ['rules.yaml'],
  scrape_configs: [{ job_name: model, static_configs: [{ targets: [`${model}:9090`] }] }],
})

interface Alert {
  readonly alert: string
  readonly expr: string
  readonly for: string
  readonly severity: 'page' | 'ticket'
  readonly summary: string
}
const alertsOf = (model: string): readonly Alert[] => [
  { alert: 'ModelServerNotReady', expr: `min by (instance) (glasshouse_ready) == 0 or up{job="${model}"} == 0`, for: '2m', severity: 'page', summary: 'The model server takes no requests.' },
  { alert: 'ModelServerErrors', expr: 'sum(rate(glasshouse_requests_total{status=~"5.."}[5m])) / sum(rate(glasshouse_requests_total[5m])) > 0.01', for: '5m', severity: 'page', summary: 'More than 1 % of requests end in an error of the server.' },
  { alert: 'ModelServerSlow', expr: 'histogram_quantile(0.99, sum by (le) (rate(glasshouse_request_duration_seconds_bucket[5m]))) > 0.1', for: '10m', severity: 'page', summary: 'One request in a hundred takes longer than 100 ms.' },
  { alert: 'ModelServerQueue', expr: 'max(glasshouse_queue_requests / glasshouse_queue_limit_requests) > 0.8', for: '2m', severity: 'page', summary: 'Requests pile up; soon they are turned away.' },
  { alert: 'ModelInputDrift', expr: 'max by (model, version, column) (glasshouse_input_psi) > 0.2', for: '30m', severity: 'ticket', summary: 'A column is distributed otherwise than in training.' },
  { alert: 'ModelAnswerDrift', expr: 'max by (model, version) (glasshouse_answer_psi) > 0.2', for: '30m', severity: 'ticket', summary: 'The answers are distributed otherwise than on held-out rows.' },
  { alert: 'ModelUnseenCategories', expr: 'sum by (model, version, column) (rate(glasshouse_unseen_categories_total[15m])) / on (model, version) group_left sum by (model, version) (rate(glasshouse_predictions_total[15m])) > 0.05', for: '30m', severity: 'ticket', summary: 'More than 5 % of rows have a category that training never saw.' },
  { alert: 'ModelReloadRefused', expr: 'increase(glasshouse_reloads_total{outcome="refused"}[15m]) > 0', for: '0m', severity: 'ticket', summary: 'A reload was refused; the old versions go on.' },
  { alert: 'ModelLogDropped', expr: 'increase(glasshouse_request_log_dropped_rows_total[15m]) > 0', for: '0m', severity: 'ticket', summary: 'The request log lost rows.' },
]

/** @param model also the name of the job that scrapes it */
export const prometheusRules = (model: string): Yaml => ({
  groups: [{ name: 'model-server', rules: alertsOf(model).map(({ severity, summary, ...rule }) => ({ ...rule, labels: { severity }, annotations: { summary } })) }],
})

const panels: readonly (readonly [title: string, unit: string, ...targets: (readonly [expr: string, legend: string])[]])[] = [
  ['Requests a second, by status', 'reqps', ['sum by (status) (rate(glasshouse_requests_total[$__rate_interval]))', '{{status}}']],
  ['Latency', 's', ['histogram_quantile(0.5, sum by (le) (rate(glasshouse_request_duration_seconds_bucket[$__rate_interval])))', 'median'], ['histogram_quantile(0.99, sum by (le) (rate(glasshouse_request_duration_seconds_bucket[$__rate_interval])))', 'p99']],
  ['Predictions a second, by class', 'short', ['sum by (version, class) (rate(glasshouse_predictions_total[$__rate_interval]))', '{{version}} {{class}}']],
  ['Input drift (PSI)', 'short', ['max by (version, column) (glasshouse_input_psi)', '{{version}} {{column}}']],
  ['Answer drift (PSI)', 'short', ['max by (version) (glasshouse_answer_psi)', '{{version}}']],
  ['Unseen and out of range, cells a second', 'short', ['sum by (column) (rate(glasshouse_unseen_categories_total[$__rate_interval]))', 'unseen {{column}}'], ['sum by (column) (rate(glasshouse_out_of_range_total[$__rate_interval]))', 'range {{column}}']],
  ['Rows answered together', 'short', ['sum(rate(glasshouse_batch_rows_sum[$__rate_interval])) / sum(rate(glasshouse_batch_rows_count[$__rate_interval]))', 'mean batch']],
  ['Queue and requests under way', 'short', ['sum(glasshouse_queue_requests)', 'waiting'], ['sum(glasshouse_in_flight_requests)', 'under way']],
  ['Memory', 'bytes', ['process_resident_memory_bytes', '{{instance}}']],
]

export const grafanaDashboard = (model: string): unknown => ({
  title: `Model server: ${model}`,
  uid: `glasshouse-${model}`.slice(0, 40),
  schemaVersion: 39,
  version: 1,
  refresh: '30s',
  time: { from: 'now-6h', to: 'now' },
  tags: ['glasshouse'],
  templating: { list: [{ name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source' }] },
  panels: panels.map(([title, unit, ...targets], i) => ({
    id: i + 1,
    title,
    type: 'timeseries',
    datasource: { type: 'prometheus', uid: '${datasource}' },
    gridPos: { x: (i % 3) * 8, y: Math.floor(i / 3) * 8, w: 8, h: 8 },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
    targets: targets.map(([expr, legendFormat], t) => ({ refId: String.fromCharCode(65 + t), expr, legendFormat })),
  })),
})
