/**
 * node deploy/gate.mjs OLD/run.json NEW/run.json: exits 0 where the new model may take the old one's place, else 1.
 * Both are judged on their own validation rows. Regression: rmse; classes: balanced accuracy. Three gates:
 *   MAX_LOSS   how much worse the new figure may be, as a share of the old one (0)
 *   MIN_GAIN   how much better it must be, in the metric's own unit (not asked)
 *   MIN_SCORE  what it must reach by itself, whatever the old one is (not asked)
 * A setting that is empty is as one that is not there.
 */
import { readFileSync } from 'node:fs'

const refuse = (reason) => {
  process.stderr.write(`refused: ${reason}\n`)
  process.exit(1)
}
const runAt = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    return refuse(`invalid run; ${path} must be a bundle's run.json: ${error.message}`)
  }
}
const setting = (name, least) => {
  const text = (process.env[name] ?? '').trim()
  if (text === '') return undefined
  const value = Number(text)
  if (!Number.isFinite(value) || value < least) refuse(`invalid ${name}; a number${least === 0 ? ' from 0 on' : ''}, such as 0.02: ${text}`)
  return value
}

const paths = process.argv.slice(2)
if (paths.length !== 2) refuse(`invalid arguments; two run.json files are needed: ${paths.length}`)
const [before, after] = paths.map(runAt)
const [old, now] = [before, after].map(({ spec, evaluation }) => {
  const { column, task, positive } = spec?.target ?? {}
  const metric = task === 'regression' ? 'rmse' : 'balanced-accuracy'
  return { column, task, positive, metric, value: evaluation?.scores.find((row) => row.metric === metric)?.value }
})
for (const what of ['column', 'task']) if (old[what] !== now[what]) refuse(`another ${what} to predict: ${now[what]} instead of ${old[what]}`)
// A run that names no positive class leaves the choice to the data.
if (old.positive !== undefined && now.positive !== undefined && old.positive !== now.positive) refuse(`another positive class: ${now.positive} instead of ${old.positive}`)
for (const { metric, value } of [old, now]) if (!Number.isFinite(value)) refuse(`no ${metric} to compare`)

const { metric } = now
const gain = metric === 'rmse' ? old.value - now.value : now.value - old.value
if (gain < -Math.abs(old.value) * (setting('MAX_LOSS', 0) ?? 0)) refuse(`${metric} ${now.value} is worse than ${old.value}`)
const wanted = setting('MIN_GAIN', -Infinity)
if (wanted !== undefined && gain < wanted) refuse(`${metric} ${now.value} is not better than ${old.value} by ${wanted}`)
const bound = setting('MIN_SCORE', -Infinity)
if (bound !== undefined && (metric === 'rmse' ? now.value > bound : now.value < bound)) refuse(`${metric} ${now.value} does not reach ${bound}`)
process.stdout.write(`passed: ${metric} ${now.value}, before ${old.value}\n`)
