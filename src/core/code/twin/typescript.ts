/** The twin in TypeScript: the studio's own engine from its package, so its scores are the same bits. */
import { estimators } from '../../estimators/registry.ts'
import type { Json } from '../../recipe/step.ts'
import { inComment } from '../text.ts'
import { keptModel, seesThroughOwn } from './kept.ts'
import type { TwinInput } from './twin.ts'

/** What the program imports, which this file does not. */
const imports = (call: string): string[] => ['import { readFile } from \'node:fs/promises\'', `import { ${call} } from 'glasshouse'`]
const onCards = new Set(['webgpu', 'webgl'])

/** The spec for a terminal: no graphics card is asked for, and what a person stopped ends where it did. */
function specHere({ run: { spec, facts } }: TwinInput) {
  const { projectId: _project, datasetId: _dataset, ...own } = spec
  const { id, params } = own.estimator
  const isStopped = facts['stoppedBecause'] === 'stopped by you' && typeof facts['epochs'] === 'number'
  return { ...own, estimator: { id, params: { ...params, ...(onCards.has(String(params['backend'])) && { backend: 'auto' }), ...(isStopped && { maxIter: facts['epochs'] as number }) } } }
}

/** MODEL names another place. */
function modelText(model: Json): string {
  const { file, ...rest } = model as { readonly file: string }
  return `{ file: process.env['MODEL'] ?? ${JSON.stringify(file)}${Object.entries(rest).map(([key, value]) => `, ${key}: ${JSON.stringify(value)}`).join('')} }`
}

interface Nearness {
  /** Why the model is taken as it is; undefined where it is learnt again. */
  readonly why: string | undefined
  /** Whether another trainer made the run's model. */
  readonly elsewhere: boolean
  /** Where the same bits cannot be promised: allowed difference of each metric, and why. */
  readonly allowed: Readonly<Record<string, number>>
  readonly because: string
}

export function typescriptTwin(input: TwinInput, { why, elsewhere, allowed, because }: Nearness): string {
  const { run, data, split } = input
  const { encoding, delimiter, quote, decimal, header, missing } = data.options
  const scores = (run.evaluation?.scores ?? []).map(({ metric, value }) => [metric, value])
  const isOnCard = onCards.has(String(run.facts['backend']))
  const { pictures } = data
  const isSame = !pictures && !isOnCard && !elsewhere
  const call = why === undefined ? 'retrain' : 'judge'
  const model = why === undefined ? undefined : keptModel(input)
  const source = pictures
    ? `  pictures: { folder, column: ${JSON.stringify(pictures.column)}, sha256: split.pictures, targets: split.targets${pictures.dealtBy ? ', dealtBy: split.dealtBy' : ''} },`
    : `  file,
  sha256: ${JSON.stringify(data.source.sha256)},
  options: ${JSON.stringify({ encoding, delimiter, quote, decimal, header, missing })},
  kinds: ${JSON.stringify(data.columns.map(({ name, kind }) => ({ column: name, kind })))},`
  const fields = pictures ? `parts: string; pictures: string[]; targets: (string | null)[]${pictures.dealtBy ? '; dealtBy: { column: string; values: (string | null)[] }' : ''}` : 'parts: string'
  return `// ${inComment(`${run.name}: ${estimators.get(run.spec.estimator.id).label}, target ${run.spec.target.column}`).slice(1, -1)}
// The code twin of a run in Glasshouse, on its own engine: npm install PATH-OF/glasshouse-*.tgz (made by npm pack), then
//   npx tsx twin.ts
// ${why === undefined ? '' : `It does not learn: ${inComment(why, 400).slice(1, -1)}. `}${isSame ? 'Same file, spec and seed, same numbers, bit for bit.' : `Same ${pictures ? 'pictures' : 'file'}, spec and seed; how far its scores may be apart stands below: ${isOnCard ? 'the run was trained on a graphics card, this is not' : because}.`}
${imports(call).join('\n')}

const ${pictures ? 'folder' : 'file'} = process.env['DATA'] ?? ${JSON.stringify(pictures ? 'pictures' : data.source.fileName)}
const split = JSON.parse(await readFile(process.env['SPLIT'] ?? 'split.json', 'utf8')) as { ${fields} }

const { scores, parts } = await ${call}({
${source}${model === undefined ? '' : `\n  model: ${modelText(model)},`}${why === undefined && seesThroughOwn(input) ? `\n  network: process.env['MODEL'] ?? '../model.onnx',` : ''}
  spec: ${JSON.stringify(specHere(input))},
  threshold: ${run.threshold},
})

// The very rows: ${split.train.length} to train, ${split.valid.length} to validate, ${split.test.length} sealed.
if (parts${why === undefined ? ' !== split.parts' : `.replaceAll('t', '-') !== split.parts.replaceAll('t', '-')`}) throw new Error('the rows were dealt in another way than in the studio')
const studio = new Map<string, number | null>(${JSON.stringify(scores)})
${isSame ? '' : `const allowed = new Map<string, number>(${JSON.stringify(Object.entries(allowed))})\n`}for (const { metric, value } of scores) {
  console.log(metric.padEnd(20), value, 'studio', studio.get(metric) ?? null)
  if (value !== null && !(Math.abs(value - (studio.get(metric) ?? Number.NaN)) <= ${isSame ? '1e-6' : '(allowed.get(metric) ?? Number.POSITIVE_INFINITY)'})) process.exitCode = 1
}
`
}
