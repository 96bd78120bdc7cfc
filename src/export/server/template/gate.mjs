/**
 * node deploy/gate.mjs OLD/run.json NEW/run.json: exits 0 where the new model may take the old one's place, else 1.
 * Both are judged on their own validation rows. Regression: rmse; classes: balanced accuracy. MAX_LOSS (0) is how much
 * worse, relative to the old figure, the new one may be; MIN_SCORE, where set, is a bound for the new one alone.
 */
import { readFileSync } from 'node:fs'

const [before, after] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')))
const refuse = (reason) => {
  process.stderr.write(`refused: ${reason}\n`)
  process.exit(1)
}
if (!before || !after) refuse('two run.json files are needed')
const target = ({ spec }) => JSON.stringify(spec.target)
if (target(before) !== target(after)) refuse(`another target: ${target(after)} instead of ${target(before)}`)
const metric = before.spec.target.task === 'regression' ? 'rmse' : 'balanced-accuracy'
const score = ({ evaluation }) => evaluation?.scores.find((row) => row.metric === metric)?.value
const [old, now] = [score(before), score(after)]
if (typeof old !== 'number' || typeof now !== 'number') refuse(`no ${metric} to compare`)
const sign = metric === 'rmse' ? -1 : 1
const allowed = Math.abs(old) * Number(process.env.MAX_LOSS ?? 0)
if (sign * (now - old) < -allowed) refuse(`${metric} ${now} is worse than ${old}`)
const bound = process.env.MIN_SCORE
if (bound !== undefined && sign * (now - Number(bound)) < 0) refuse(`${metric} ${now} does not reach ${bound}`)
process.stdout.write(`passed: ${metric} ${now}, before ${old}\n`)
