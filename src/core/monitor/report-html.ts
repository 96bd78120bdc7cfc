/** A report as one page that opens anywhere and fetches nothing. It holds figures and no rows. */
import { escapeHtml as html } from '../html.ts'
import { metrics } from '../metrics/registry.ts'
import type { ColumnDrift, Picture } from './column-drift.ts'
import { driftTest } from './rules.ts'
import type { DriftReport } from './report.ts'
import { say } from './words.ts'

const style = `:root{color-scheme:light dark;--ink:light-dark(#17211d,#e6edea);--quiet:light-dark(#4d5a55,#a5b2ad);--line:light-dark(#dfe3df,#2a3331);--then:light-dark(#7a807d,#9aa3a0);--now:light-dark(#c65200,#f08a3c)}
body{margin:2rem auto;max-width:62rem;padding:0 1rem;background:light-dark(#fcfcfa,#121716);color:var(--ink);font:15px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;width:100%}th,td{padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);text-align:start;vertical-align:top}
.n{text-align:end}.n,td:nth-child(2){white-space:nowrap}.quiet{color:var(--quiet)}.verdict{padding:1rem;border-inline-start:3px solid var(--now)}svg{display:block}.then{fill:var(--then)}.now{fill:none;stroke:var(--now);stroke-width:1.5}.nowbar{fill:var(--now)}`

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`

/** Both sides in one small drawing: grey then, orange now. */
function drawing({ reference, current }: Picture): string {
  const top = [...reference, ...current].reduce((most, share) => Math.max(most, share), 0) || 1
  const step = 120 / reference.length
  const at = (share: number): string => (34 - (share / top) * 32).toFixed(1)
  const bars = reference.map((share, i) => `<rect class="then" x="${(i * step).toFixed(1)}" y="${at(share)}" width="${Math.max(0.5, step - 0.6).toFixed(1)}" height="${(34 - Number(at(share))).toFixed(1)}"/>`).join('')
  const line = current.map((share, i) => `${(i * step).toFixed(1)},${at(share)} ${((i + 1) * step - 0.6).toFixed(1)},${at(share)}`).join(' ')
  return `<svg width="120" height="36" viewBox="0 0 120 36" role="img" aria-label="then grey, now orange">${bars}<polyline class="now" points="${line}"/></svg>`
}

function columnRow(column: ColumnDrift): string {
  const { drift, effect, kind, unseen, beyond, missingChanged, current, reference } = column
  const size = effect === undefined ? '' : kind === 'names' ? `${percent(effect)} of rows` : `${say(effect)} sd`
  const missing = (side: typeof current): string => percent(side.missing / Math.max(1, side.count + side.missing))
  const notes = [
    ...(column.untested === undefined ? [] : [column.untested]),
    ...(missingChanged ? [`missing ${missing(current)}, was ${missing(reference)}`] : []),
    ...(unseen && unseen.rows > 0 ? [`${unseen.rows} rows with ${unseen.distinct} new values: ${unseen.names.map(({ name }) => name.slice(0, 40)).join(', ')}`] : []),
    ...(beyond && beyond.below + beyond.above > 0 ? [`${beyond.below} values below and ${beyond.above} above the old range`] : []),
  ]
  const test = drift ? `${driftTest(drift.test).label} ${say(drift.statistic)}${drift.p === null ? `, limit ${drift.limit}` : `, p ${say(drift.p)}`}` : ''
  return `<tr><th>${html(column.name.slice(0, 200))}</th><td>${drift ? (drift.drifted ? '<strong>changed</strong>' : 'as before') : 'not tested'}</td><td class="n">${size}</td><td>${html(test)}</td><td>${column.picture ? drawing(column.picture) : ''}</td><td class="quiet">${html(notes.join('; '))}</td></tr>`
}

/** @param model its name @param made when, in words */
export function reportHtml(report: DriftReport, model: string, made: string): string {
  const { verdict, source, reference, share, joint, performance } = report
  const table = (head: readonly string[], rows: readonly string[]): string => `<table><thead><tr>${head.map((text) => `<th>${text}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`
  const columns = (list: readonly ColumnDrift[]): string => table(['Column', 'Now', 'Size', 'Test', 'Then and now', 'Also'], list.map(columnRow))
  const label = (metric: string): string => (metrics.has(metric) ? metrics.get(metric).label : metric)
  const parts = [
    `<h1>Monitor: ${html(model)}</h1><p class="quiet">${html(source.name)} &middot; ${source.rows} rows, ${source.answered} answered &middot; compared with ${reference.rows} ${html(reference.of)} &middot; ${html(made)}</p>`,
    `<div class="verdict"><p><strong>${html(verdict.text)}</strong></p><p>${html(verdict.sure)}</p><p>What to do: ${html(verdict.next)}</p></div>`,
    `<h2>Inputs</h2><p>${share.drifted} of ${share.tested} tested columns changed (${percent(share.value)}${report.options.weighted ? ', by importance' : ''}); from ${percent(share.limit)} on the data have drifted.${joint ? ` All columns together: AUC ${say(joint.auc)} of telling new rows from old (95% ${say(joint.low)} to ${say(joint.high)}).` : ''}</p>${columns(report.columns)}`,
    `<h2>Answers</h2>${columns(report.answers)}${report.truth ? `<h2>Truth</h2>${columns([report.truth])}` : ''}`,
    ...(performance
      ? [
          `<h2>Scores on ${performance.rows} labelled rows</h2>${table(['Score', 'Before', 'Now', 'Change', '95% interval of the change'], performance.scores.map(({ metric, before, now, change, worse }) => `<tr><th>${html(label(metric))}</th><td>${say(before.value)}</td><td>${say(now.value)}</td><td>${change ? say(change.value) : ''}${worse ? ' <strong>worse</strong>' : ''}</td><td>${change ? `${say(change.low)} to ${say(change.high)}` : ''}</td></tr>`))}`,
        ]
      : []),
    ...(report.estimates.length > 0
      ? [
          `<h2>What its own probabilities promise</h2>${table(['Score', 'Promised now', '95% interval', 'Promised before', 'True before'], report.estimates.map(({ metric, value, low, high, check }) => `<tr><th>${html(label(metric))}</th><td>${say(value)}</td><td>${say(low)} to ${say(high)}</td><td>${say(check.estimated)}</td><td>${say(check.true)}</td></tr>`))}<p class="quiet">This holds only while the probabilities are calibrated and the same inputs still lead to the same outcomes.</p>`,
        ]
      : []),
    ...(report.chunks.length > 0 ? [`<h2>Over time</h2><p class="quiet">${html(report.chunking)}</p>${table(['Chunk', 'Rows', 'Columns changed', 'Score', ''], report.chunks.map(({ label: name, rows, share: part, score, alert }) => `<tr><th>${html(name)}</th><td>${rows}</td><td>${part === null ? '' : percent(part)}</td><td>${score ? say(score.value) : ''}</td><td>${alert ? '<strong>look here</strong>' : ''}</td></tr>`))}`] : []),
  ]
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>Monitor: ${html(model)}</title><style>${style}</style></head><body>${parts.join('\n')}</body></html>\n`
}
