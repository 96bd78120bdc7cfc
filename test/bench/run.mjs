/**
 * npm run bench -- NAME [--json]: ours beside the peer, on the same data, in one run. A line a case:
 * name  ours_ms  peer_ms  ratio  quality_ours  quality_peer, where answers have to be the peer's own whether they are, and where it has
 * a gate that ratio and whether all of it is met. Without NAME all cases with a gate are run; --list names the others. Some names stand for several (--one: for that case alone).
 * A case without a peer has gates of its own: it exports `run` instead of `bench`. Exits 1 where a gate is missed,
 * 2 where a peer's package is missing, naming the Debian package.
 */
import { readdirSync } from 'node:fs'
import { register } from 'tsx/esm/api'

register()
const { runCase } = await import('./harness.ts')

const names = readdirSync(new URL('./cases/', import.meta.url))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3))
const json = process.argv.includes('--json')
const groups = new Map([
  ['boosting', ['boosting', 'boosting-2', 'boosting-classes', 'boosting-classes-2', 'boosting-mixed', 'boosting-mixed-2']],
  ['linear', ['linear', 'ridge', 'linear-regression', 'lasso', 'elastic-net']],
  ['bayes', ['gaussian-nb', 'multinomial-nb', 'bernoulli-nb']],
  ['knn', ['knn', 'knn-100']],
  ['neural', ['neural-mlp', 'neural-mlp-2', 'neural-cnn', 'neural-cnn-2']],
  ['server', ['server', 'server-fuzz']],
  ['forest', ['forest', 'extra-trees', 'decision-tree', 'tree-predict']],
])
/** Every case that has a gate beside a peer, and how time and memory grow. */
const gated = [...['boosting', 'forest', 'linear', 'knn', 'neural'].flatMap((name) => groups.get(name)), 'shap', 'scale']
const asked = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const wanted = asked.length === 0 ? gated : asked.flatMap((word) => (process.argv.includes('--one') ? [word] : (groups.get(word) ?? [word])))
if (process.argv.includes('--list') || wanted.some((name) => !names.includes(name))) {
  process.stderr.write(`usage: npm run bench -- [NAME ...] [--one] [--json], with NAME one of ${names.join(', ')}; without, all that have a gate\n`)
  process.exit(process.argv.includes('--list') ? 0 : 1)
}
const missed = []
for (const name of wanted) {
  const { bench, run } = await import(`./cases/${name}.ts`)
  if (asked.length === 0 && bench && !bench.gate) continue
  if (!(bench ? await runCase(name, bench, json) : await run(json))) missed.push(name)
}
if (missed.length > 0) {
  process.stderr.write(`missed: ${missed.join(', ')}\n`)
  process.exitCode = 1
}
// A browser that a case opened would keep the process alive.
process.exit(process.exitCode ?? 0)
