/** The twin in TypeScript: the studio's own engine from its package, so its scores are the same bits. */
import { estimators } from '../../estimators/registry.ts'
import { inComment } from '../text.ts'
import type { TwinInput } from './twin.ts'

/** What the program imports, which this file does not. */
const imports = ['import { readFile } from \'node:fs/promises\'', 'import { retrain } from \'glasshouse\'']

export function typescriptTwin({ run, data, split }: TwinInput): string {
  const { spec } = run
  const { projectId: _project, datasetId: _dataset, ...own } = spec
  const { encoding, delimiter, quote, decimal, header, missing } = data.options
  const scores = (run.evaluation?.scores ?? []).map(({ metric, value }) => [metric, value])
  return `// ${inComment(`${run.name}: ${estimators.get(spec.estimator.id).label}, target ${spec.target.column}`).slice(1, -1)}
// The code twin of a run in Glasshouse, on its own engine: npm install PATH-OF/glasshouse-*.tgz (made by npm pack), then
//   npx tsx twin.ts
// Same file, spec and seed, same numbers, bit for bit (a network trained on a graphics card apart).
${imports.join('\n')}

const file = process.env['DATA'] ?? ${JSON.stringify(data.source.fileName)}
const split = JSON.parse(await readFile(process.env['SPLIT'] ?? 'split.json', 'utf8')) as { parts: string }

const { scores, parts } = await retrain({
  file,
  sha256: ${JSON.stringify(data.source.sha256)},
  options: ${JSON.stringify({ encoding, delimiter, quote, decimal, header, missing })},
  kinds: ${JSON.stringify(data.columns.map(({ name, kind }) => ({ column: name, kind })))},
  spec: ${JSON.stringify(own)},
  threshold: ${run.threshold},
})

// The very rows: ${split.train.length} to train, ${split.valid.length} to validate, ${split.test.length} sealed.
if (parts !== split.parts) throw new Error('the rows were dealt in another way than in the studio')
const studio = new Map<string, number | null>(${JSON.stringify(scores)})
for (const { metric, value } of scores) {
  console.log(metric.padEnd(20), value, 'studio', studio.get(metric) ?? null)
  if (value !== null && !(Math.abs(value - (studio.get(metric) ?? Number.NaN)) <= 1e-6)) process.exitCode = 1
}
`
}
