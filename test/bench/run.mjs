/**
 * npm run bench -- NAME [--json]: ours beside the peer, on the same data, in one run. A line a case:
 * name  ours_ms  peer_ms  ratio  quality_ours  quality_peer. Without NAME it lists the cases. Some names stand for several.
 * A case without a peer has gates of its own: it exports `run` instead of `bench`, and exits 1 where one does not hold.
 * Exits 2 where a peer's package is missing, naming the Debian package.
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
  ['linear', ['linear', 'ridge', 'linear-regression', 'lasso']],
  ['knn', ['knn', 'knn-100']],
  ['neural', ['neural-mlp', 'neural-mlp-2', 'neural-cnn', 'neural-cnn-2']],
  ['forest', ['forest', 'extra-trees', 'decision-tree', 'tree-predict']],
])
const wanted = process.argv
  .slice(2)
  .filter((word) => !word.startsWith('--'))
  .flatMap((word) => (process.argv.includes('--one') ? [word] : (groups.get(word) ?? [word])))
if (wanted.length === 0 || wanted.some((name) => !names.includes(name))) {
  process.stderr.write(`usage: npm run bench -- NAME [--one] [--json], with NAME one of ${names.join(', ')}\n`)
  process.exit(wanted.length === 0 ? 0 : 1)
}
for (const name of wanted) {
  const { bench, run } = await import(`./cases/${name}.ts`)
  if (bench) await runCase(name, bench, json)
  else if (!(await run(json))) process.exitCode = 1
}
// A browser that a case opened would keep the process alive.
process.exit(process.exitCode ?? 0)
