/** Whatever a shadow does, the answer is that of the primary. */
import { expect, test } from 'vitest'
import { paramsFor, readParams } from '../../../src/core/bundle/params.ts'
import type { Signature } from '../../../src/core/bundle/signature.ts'
import type { ServedAnswer } from '../../../src/core/onnx/runner.ts'
import { escapeHtml } from '../../../src/core/html.ts'
import { bundleReadme } from '../../../src/export/bundle-readme.ts'
import { docsPage } from '../../../src/export/server/docs-page.ts'
import { ServedModel, type Models } from '../../../src/export/server/models.ts'
import { openApi } from '../../../src/export/server/openapi.ts'
import { Overloaded } from '../../../src/export/server/pool.ts'
import type { RequestLog } from '../../../src/export/server/request-log.ts'
import type { ServedVersion } from '../../../src/export/server/served-version.ts'
import { ServerMetrics } from '../../../src/export/server/server-metrics.ts'
import { Service } from '../../../src/export/server/service.ts'

const signature: Signature = { version: 1, name: 'm', task: 'regression', target: 'y', inputs: [], classes: [], outputs: [{ name: 'value', tensor: 'double', shape: [-1, 1] }] }
const request = { rows: 1, feeds: [] }

test.each<[string, () => Promise<ServedAnswer>, { readonly failures: number; readonly logged: boolean }]>([
  ['fails', () => Promise.reject(new Error('no')), { failures: 1, logged: false }],
  ['has no room', () => Promise.reject(new Overloaded()), { failures: 1, logged: false }],
  ['answers what is no number', () => Promise.resolve({ answers: [Number.NaN] }), { failures: 1, logged: false }],
  ['never answers', () => new Promise(() => {}), { failures: 0, logged: false }],
  ['answers', () => Promise.resolve({ answers: [2] }), { failures: 0, logged: true }],
])('a shadow that %s', async (_, shadowRun, expected) => {
  const asked: string[] = []
  const served = (version: string, run: () => Promise<ServedAnswer>) => ({ model: 'm', version, signature, drift: undefined, run: () => (asked.push(version), run()) }) as unknown as ServedVersion
  const route = { primary: served('1', () => Promise.resolve({ answers: [1] })), shadows: [served('2', shadowRun)] }
  const model = { config: { routing: { kind: 'shadow', to: '2' } }, route: () => route } as unknown as ServedModel
  const logged: unknown[] = []
  const log = { write: ({ version, arm, answer }: Parameters<RequestLog['write']>[0]) => void logged.push([version, arm, answer.answers[0]]) } as unknown as RequestLog
  const metrics = new ServerMetrics()
  const answered = await new Service(metrics, log).answer(model, undefined, 'id', 'plain', () => request)
  expect([answered.version.version, answered.answer.answers]).toEqual(['1', [1]])
  await new Promise((done) => setTimeout(done, 0))
  // The primary is asked first: a thread that both wait for is its.
  expect(asked).toEqual(['1', '2'])
  expect(logged).toContainEqual(['1', 'primary', 1])
  expect(logged.filter((entry) => JSON.stringify(entry) === '["2","shadow",2]').length).toBe(expected.logged ? 1 : 0)
  expect((await metrics.text()).includes('glasshouse_shadow_failures_total{model="m",version="2"} 1')).toBe(expected.failures === 1)
})

test('labels of every arm are those at the threshold that was asked for, also where it is the own of one of them', async () => {
  const two = (threshold: number): Signature => ({ ...signature, version: 2, task: 'binary', classes: ['no', 'yes'], threshold, params: paramsFor('binary', threshold) })
  const served = (version: string, threshold: number) => ({ model: 'm', version, signature: two(threshold), drift: undefined, run: () => Promise.resolve({ answers: [0.7 >= threshold ? 'yes' : 'no'], probabilities: Float32Array.of(0.3, 0.7) }) }) as unknown as ServedVersion
  const route = { primary: served('champion', 0.5), shadows: [served('challenger', 0.9)] }
  const model = { config: { routing: { kind: 'shadow', to: 'challenger' } }, route: () => route } as unknown as ServedModel
  const logged: unknown[] = []
  const log = { write: ({ version, answer }: Parameters<RequestLog['write']>[0]) => void logged.push([version, answer.answers[0]]) } as unknown as RequestLog
  const service = new Service(new ServerMetrics(), log)
  const ask = async (params?: object): Promise<unknown> => {
    logged.length = 0
    await service.answer(model, undefined, 'id', 'plain', (version) => ({ ...request, ...readParams(version.signature, 'params', params && new Map(Object.entries(params))) }))
    await new Promise((done) => setTimeout(done, 0))
    return Object.fromEntries(logged as [string, string][])
  }
  expect(await ask({ threshold: 0.5 })).toEqual({ champion: 'yes', challenger: 'yes' })
  expect(await ask({ threshold: 0.9 })).toEqual({ champion: 'no', challenger: 'no' })
  expect(await ask()).toEqual({ champion: 'yes', challenger: 'no' })
})

test('a counter that an alert asks for is there before its first event', async () => {
  expect(await new ServerMetrics().text()).toContain('glasshouse_reloads_total{outcome="refused"} 0')
})

test('a split between three versions gives one answer and logs those of all', async () => {
  const served = (version: string) => [version, { model: 'm', version, signature, drift: undefined, run: () => Promise.resolve({ answers: [Number(version)] }) } as unknown as ServedVersion] as const
  const weights = new Map([['1', 2], ['2', 1], ['3', 1]])
  const model = new ServedModel('m', { name: 'm', versions: new Map(), aliases: new Map(), fallback: '1', routing: { kind: 'split', weights } }, new Map(['1', '2', '3'].map(served)))
  const logged: string[] = []
  const log = { write: ({ request: id, version, arm }: Parameters<RequestLog['write']>[0]) => void logged.push(`${id} ${arm} ${version}`) } as unknown as RequestLog
  const service = new Service(new ServerMetrics(), log)
  const given = new Set<string>()
  for (let i = 0; i < 40; i++) given.add((await service.answer(model, undefined, `id-${i}`, 'plain', () => request)).version.version)
  await new Promise((done) => setTimeout(done, 0))
  expect([...given].sort()).toEqual(['1', '2', '3'])
  for (let i = 0; i < 40; i++) {
    const of = logged.filter((line) => line.startsWith(`id-${i} `)).map((line) => line.split(' '))
    expect([of.map(([, , version]) => version).sort(), of.map(([, arm]) => arm).sort()]).toEqual([['1', '2', '3'], ['primary', 'shadow', 'shadow']])
  }
})

test('where pictures may come as files, the document, the page and the README say that the form has a place for the threshold', () => {
  const pictures: Signature = { ...signature, version: 2, task: 'binary', inputs: [{ name: 'image', kind: 'image', tensor: 'uint8', nullable: false }], classes: ['cat', '<dog>'], threshold: 0.3, params: paramsFor('binary', 0.3) }
  const version = { signature: pictures, bundle: { golden: { rows: [] } } } as unknown as ServedVersion
  const model = new ServedModel('m', { name: 'm', versions: new Map(), aliases: new Map(), fallback: '1', routing: { kind: 'single' } }, new Map([['1', version]]))
  const models = { models: new Map([['m', model]]), first: model } as unknown as Models
  const { properties } = (JSON.parse(openApi(models)) as never)['paths']['/predict']['post']['requestBody']['content']['multipart/form-data']['schema'] as { properties: Record<string, { properties?: Record<string, object> }> }
  expect(Object.keys(properties)).toEqual(['params', 'image'])
  expect(properties['params']?.properties?.['threshold']).toMatchObject({ default: 0.3, description: expect.stringContaining('where the probability of "<dog>" is at least the threshold') as string })
  const line = `-F image=@picture.jpg -F 'params={"threshold":0.6}'`
  expect(docsPage(models)).toContain(escapeHtml(line))
  expect(bundleReadme(pictures, [])).toContain(line)
  expect(bundleReadme(signature, [])).not.toContain('params')
})
