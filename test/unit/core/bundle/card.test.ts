/** The model card: groups, intersections and slices with n and interval; what nobody wrote is a gap; three forms, one content. */
import { beforeAll, describe, expect, test } from 'vitest'
import { groupColumns, positionsOf } from '../../../../src/core/bundle/card-groups.ts'
import { columnFrom } from '../../../../src/core/data/column.ts'
import { bytesOf, openZip } from '../../../../src/core/zip.ts'
import { deployExport } from '../../../../src/tasks/deploy-export.ts'
import { explainRun } from '../../../../src/tasks/explain-run.ts'
import type { WrittenParts } from '../../../../src/core/bundle/card.ts'
import { deployed } from '../../../support/deployed.ts'
import { hostileNames, richDataset } from '../../../support/rich-data.ts'

interface CardFile {
  readonly gaps: readonly { readonly section: string; readonly text: string }[]
  readonly figures: {
    readonly part: string
    readonly groups: readonly { readonly columns: readonly string[]; readonly metric: string; readonly groups: readonly { readonly values: readonly (string | null)[]; readonly n: number; readonly score: { readonly value: number | null; readonly low: number | null; readonly reason?: string } }[] }[]
    readonly slices: readonly { readonly name: string; readonly n: number }[]
  }
}
async function card(task: 'binary' | 'regression', written: WrittenParts, slices: readonly unknown[] = []): Promise<{ json: CardFile; markdown: string; html: string }> {
  const { host, runId } = await deployed(richDataset(task), task, task === 'binary' ? 'decision-tree' : 'ridge')
  await host.store.write(['projects'], (tx) => tx.put('projects', { id: 'p', version: 1, name: 'p', createdAt: 0, changedAt: 0, deletedAt: null, token: 0, plan: {}, slices, nextRun: 1 } as never))
  const { zip } = await deployExport({ runId, name: 'Card', intendedUse: written.intendedUse ?? '', limitations: written.limitations ?? '', written }, host)
  const reader = await openZip(bytesOf(zip as Uint8Array))
  const text = async (name: string): Promise<string> => new TextDecoder().decode(await reader.read(name))
  return { json: JSON.parse(await text('model_card.json')) as CardFile, markdown: await text('MODEL_CARD.md'), html: await text('MODEL_CARD.html') }
}

describe('by group', () => {
  let bare: Awaited<ReturnType<typeof card>>
  beforeAll(async () => {
    bare = await card('binary', {}, [{ id: 's', name: 'Reds of |the| flag', conditions: [{ column: hostileNames.category, op: 'is', value: 'red' }] }, { id: 'gone', name: 'Gone', conditions: [{ column: 'no such column', op: 'is', value: 'x' }] }])
  })
  test('each column, the first two together, n adding up to the part, intervals from ten rows on', () => {
    const { groups, part } = bare.json.figures
    expect(part).toBe('valid')
    expect(groups.map(({ columns, metric }) => [columns.length, metric])).toEqual([[1, 'accuracy'], [1, 'recall'], [1, 'accuracy'], [1, 'recall'], [2, 'accuracy'], [2, 'recall']])
    for (const report of groups) {
      expect(report.groups.reduce((sum, group) => sum + group.n, 0)).toBe(72)
      for (const { n, score } of report.groups) {
        if (n < 10) expect(score).toMatchObject({ value: null, reason: 'fewer than 10 rows' })
        else if (score.value !== null) expect(score.low).toBeLessThanOrEqual(score.value)
      }
    }
  })
  test('groups too small to judge are counted in one line where they are many', () => {
    const small = bare.json.figures.groups.find(({ columns }) => columns.length === 2)?.groups.filter(({ n }) => n < 10) ?? []
    expect(small.length).toBeGreaterThan(4)
    expect(bare.markdown).toContain(`${small.length} groups of fewer than 10 rows, ${small.reduce((sum, { n }) => sum + n, 0)} rows together, are not judged.`)
    for (const { values } of small) expect(bare.markdown).not.toContain(`| ${values.map((value) => value ?? '(missing)').join(' | ')} |`)
  })
  test('slices are named with their n; one of a column that is gone is left out', () => {
    expect(bare.json.figures.slices.map(({ name }) => name)).toEqual(['Reds of |the| flag'])
    expect(bare.json.figures.slices[0]?.n).toBe(bare.json.figures.groups[0]?.groups.find(({ values }) => values[0] === 'red')?.n)
    expect(bare.markdown).toContain('Reds of \\|the\\| flag')
  })
  test('what nobody wrote is a gap in all three forms, once each', () => {
    const wanted = ['what this model is for', 'meant to use it', 'made of its answers', 'given up for what', 'against those risks', 'what the answers hang on', 'energy and emissions', 'out of scope', 'groups of people', 'people this model touches', 'wrong answer costs', 'who chose the threshold', 'known not to work', 'watches the model', 'owns this model', 'licence this model', 'never opened', 'no baseline', 'licence of the data']
    for (const words of wanted) {
      expect(bare.json.gaps.filter(({ text }) => text.includes(words)), words).toHaveLength(1)
      expect(bare.html.split('class="gap"').filter((part) => part.includes(words)).length, words).toBe(1)
    }
    expect(bare.markdown.match(/^> \*\*Gap: /gm)?.length).toBe(bare.json.gaps.length)
    expect(bare.html).not.toMatch(/<img\b/)
  })
  test('the one script of the page is the one that its policy names', async () => {
    expect(bare.html.match(/<script\b/g)?.length).toBe(1)
    const script = /<script>([^]*)<\/script>/.exec(bare.html)?.[1] as string
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(script)))
    expect(bare.html).toContain(`script-src 'sha256-${Buffer.from(digest).toString('base64')}'`)
    expect(() => new Function(script)).not.toThrow()
  })
})

test('a model that keeps rows of its training says so first, in capitals; another says nothing of it', async () => {
  const { host, runId } = await deployed(richDataset('binary'), 'binary', 'k-neighbors')
  const { card: own, leftOut, zip } = await deployExport({ runId, name: 'Card', intendedUse: '', limitations: '' }, host)
  // What the bundle has not is told with its reason, in its README too.
  expect(leftOut).toEqual([{ path: 'code/model.sql', reason: 'unsupported language; models that compare with rows they keep are not written in SQL: 120 rows' }])
  expect(new TextDecoder().decode(await (await openZip(bytesOf(zip as Uint8Array))).read('README.md'))).toContain('Not here, and why:\n\n- code/model.sql: `unsupported language; models that compare with rows they keep are not written in SQL: 120 rows`')
  expect(own.slice(0, 600)).toMatch(/^---\nmodel_name: "Card"\nlibrary_name: "onnx"\npipeline_tag: "tabular-classification"\ntags: \["glasshouse","onnx","k-neighbors"\]\n---\n\n# Model card: Card\n\n## Model details\n\n> \*\*Warning: THIS MODEL CONTAINS ROWS OF ITS TRAINING DATA \(of 120\)/)
  expect((await card('regression', {})).markdown).not.toContain('CONTAINS ROWS')
})

test('what a person wrote stands where it belongs and closes its gap', async () => {
  const written: WrittenParts = { intendedUse: 'Sorting.', users: 'Sorters.', downstream: 'A belt.', tradeOffs: 'Speed.', mitigations: 'A bell.', outOfScope: 'Hiring.', people: 'Farmers.', limitations: 'Rain.', ethics: 'None hurt.', costs: 'A euro.', thresholdBy: 'Unasked.', monitoring: 'Weekly.', owner: 'Ada <ada@example.org>', licence: 'CC0' }
  const { json, markdown, html } = await card('regression', written)
  for (const text of ['Sorting.', 'Users: Sorters.', 'Downstream use: A belt.', 'Trade-offs: Speed.', 'Against those risks: A bell.', 'Out of scope: Hiring.', 'Farmers.', 'Rain.', 'None hurt.', 'What wrong answers cost: A euro.', 'Monitoring: Weekly.', 'Licence: CC0']) expect(markdown).toContain(text)
  expect(html).toContain('Ada &#60;ada@example.org&#62;')
  expect(json.gaps.filter(({ text }) => text.includes('nobody wrote'))).toEqual([])
  expect(json.figures.groups.every(({ metric }) => metric === 'mae')).toBe(true)
  expect(json.figures.slices).toEqual([])
})

test('paragraphs, lines and lists stay as a person wrote them, and are no markup', async () => {
  const { markdown, html } = await card('regression', { intendedUse: 'To sort apples:\r\n- red\n1) green\n# not a heading\n===\n \n<b>Not</b> for pears.' })
  expect(markdown).toContain('\nTo sort apples:  \n&#8203;- red  \n&#8203;1) green  \n\\# not a heading  \n&#8203;===\n\n&lt;b&gt;Not&lt;/b&gt; for pears.\n')
  expect(html).toContain('<p>To sort apples:<br>- red<br>1) green<br># not a heading<br>===</p>\n<p>&#60;b&#62;Not&#60;/b&#62; for pears.</p>')
  expect(html).toMatch(/<div class="scroll" role="group" tabindex="0" aria-label="Table: Metric, [^"]*"><table><thead><tr><th>Metric<\/th><th class="figure">/)
})

test('every part of the published schemes stands in it; what shuffling a column costs is told where somebody asked', async () => {
  const { host, runId } = await deployed(richDataset('binary'), 'binary', 'decision-tree', {}, { timings: { load: 1, prepare: 100, fit: 3_500_000, evaluate: 0 } })
  await host.store.write(['projects'], (tx) => tx.put('projects', { id: 'p', version: 1, name: 'p', createdAt: 0, changedAt: 0, deletedAt: null, token: 0, plan: {}, slices: [], nextRun: 1 } as never))
  await explainRun({ runId, explainer: 'permutation-importance', params: {}, part: 'valid', token: 0 }, host)
  const { card: own } = await deployExport({ runId, name: 'Card', intendedUse: '', limitations: '' }, host)
  // Mitchell et al., then what the templates of Hugging Face, Google and CycloneDX ask beyond them.
  const sections = ['Model details', 'Intended use', 'Factors', 'Metrics', 'Evaluation data', 'Training data', 'Quantitative analyses', 'Examination', 'Ethical considerations', 'Caveats and recommendations', 'Environmental impact', 'How to start', 'Glossary']
  expect([...own.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual(sections)
  expect(own).toMatch(/\| Format \| ONNX, opset 17.* [\d,]+ bytes \|/)
  expect(own).toContain('3500 s for the fit, 0.1 s around it; 0.9722 hours in all')
  expect(own).toMatch(/How much worse .* gets when one column is shuffled: 72 validation rows/)
  expect(own).not.toContain('nobody asked what the answers hang on')
})

test('columns of few values make groups; the target, numbers and long lists do not', () => {
  const rows = 40
  const of = (name: string, distinct: number) => columnFrom(name, 'categorical', Array.from({ length: rows }, (_, i) => `v${i % distinct}`))
  const columns = [of('twelve', 12), of('thirteen', 13), of('one', 1), of('target', 2), columnFrom('flag', 'boolean', Array.from({ length: rows }, (_, i) => i % 2 === 0)), columnFrom('x', 'numeric', Array.from({ length: rows }, (_, i) => i))]
  expect(groupColumns(columns, 'target')).toEqual(['twelve', 'flag'])
  expect([...positionsOf(Uint32Array.of(4, 9), Uint32Array.of(2, 4, 7, 9))]).toEqual([1, 3])
})
