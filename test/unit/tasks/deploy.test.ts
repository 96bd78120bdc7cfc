import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GoldenRows } from '../../../src/core/bundle/golden.ts'
import { plainBody } from '../../../src/core/bundle/examples.ts'
import { modelSlug } from '../../../src/core/bundle/responses.ts'
import { readOnnx } from '../../../src/core/onnx/read/model.ts'
import { bytesOf, openZip } from '../../../src/core/zip.ts'
import { ask, askGolden } from '../../../src/export/server/self-test.ts'
import { deployExport } from '../../../src/tasks/deploy-export.ts'
import { deployPredict } from '../../../src/tasks/deploy-predict.ts'
import { deployed } from '../../support/deployed.ts'
import { hostileNames, richDataset } from '../../support/rich-data.ts'

const folder = mkdtempSync(join(tmpdir(), 'glasshouse-bundle-'))
const running = new Set<ChildProcess>()
let exported: Awaited<ReturnType<typeof deployExport>>
let golden: GoldenRows

beforeAll(async () => {
  const { host, runId } = await deployed(richDataset('binary'), 'binary', 'decision-tree')
  exported = await deployExport({ runId, name: 'Rich <b>model</b>', intendedUse: '', limitations: 'Not for `pigs` <script>.' }, host)
  const zip = await openZip(bytesOf(exported.zip as Uint8Array))
  for (const name of zip.names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), await zip.read(name))
  }
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  golden = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')) as GoldenRows
}, 60_000)
afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

function start(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): { child: ChildProcess; output: () => string; exit: Promise<number | null> } {
  const child = spawn(process.execPath, ['server/server.mjs', ...args], { cwd: folder, env: { ...process.env, PORT: '0', THREADS: '1', METRICS_PORT: '0', DRAIN_DELAY_MS: '300', ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  let text = ''
  child.stdout?.on('data', (part: Buffer) => (text += part.toString()))
  child.stderr?.on('data', (part: Buffer) => (text += part.toString()))
  const exit = once(child, 'close').then(([code]) => {
    running.delete(child)
    return code as number | null
  })
  return { child, output: () => text, exit }
}
async function listening(server: ReturnType<typeof start>): Promise<string> {
  for (;;) {
    const port = /"port":(\d+)/.exec(server.output())?.[1]
    if (port) return `http://127.0.0.1:${port}`
    if (server.child.exitCode !== null) throw new Error(`the server ended: ${server.output()}`)
    await new Promise((done) => setTimeout(done, 20))
  }
}

describe('export', () => {
  test('parity passes on all rows that taught the model nothing, and is written into the graph and the card', () => {
    expect(exported.certificate).toMatchObject({ passed: true, rows: 120, labelsDifferent: 0, opset: 'opset 17, ai.onnx.ml 3, IR 8' })
    expect(exported.certificate.runtime).toMatch(/^onnxruntime-node \d/)
    const { metadata, producer, irVersion } = readOnnx(new Uint8Array(readFileSync(join(folder, 'model.onnx'))))
    const { signature, certificate } = exported
    expect([producer, irVersion]).toEqual(['glasshouse', 8])
    expect(JSON.parse(metadata.get('signature') ?? '')).toEqual(signature)
    expect(JSON.parse(metadata.get('classes') ?? '')).toEqual(signature.classes)
    expect(JSON.parse(metadata.get('parity') ?? '')).toEqual(certificate)
    expect(metadata.get('data_hash')).toBe(richDataset('binary').id)
    expect(metadata.get('threshold_policy')).toBe(`"yes" where its probability >= 0.4, else "no"`)
    expect(exported.fileName).toBe('rich-b-model-b.zip')
  })

  test('the card shows gaps where nobody wrote, and no name or value of the data is markup in it', () => {
    const html = readFileSync(join(folder, 'MODEL_CARD.html'), 'utf8')
    expect(exported.card).toContain('> **Gap: nobody wrote what this model is for')
    expect(exported.card).toContain('Not for \\`pigs\\` &lt;script&gt;.')
    expect(exported.card).toContain('The test part was opened 0 times')
    expect(exported.card).not.toMatch(/<(img|script|b)\b/)
    // The card's own script is the only one, and holds no opening bracket of a name.
    const [before, own, ...more] = html.split('<script>')
    expect(more).toEqual([])
    const [script, after] = (own ?? '').split('</script>')
    for (const part of [before, after]) expect(part).not.toMatch(/<(img|script|b)\b/)
    expect(script).not.toMatch(/<(img|\/?script|b)\b/)
    expect(html).toContain('&#60;img src=x onerror=alert(1)&#62;')
    for (const title of ['Model details', 'Intended use', 'Factors', 'Metrics', 'Evaluation data', 'Training data', 'Quantitative analyses', 'Ethical considerations', 'Caveats and recommendations']) expect(exported.card).toContain(`## ${title}`)
  })

  test('golden rows cover every category, missing values, extremes and splits', () => {
    const column = golden.columns.indexOf(hostileNames.category)
    expect(new Set(golden.rows.map((row) => row[column]))).toEqual(new Set(['red', 'green', 'constructor', '=SUM(A1)', 'naïve 漢字', '__proto__', 'rare', null, 'never seen in training']))
    expect(golden.reasons).toEqual(expect.arrayContaining(['exactly on a split', 'largest value', 'beyond the largest value', 'earliest moment', 'latest moment', 'a missing value']))
  })

  test('a graph that answers differently is not offered', async () => {
    const { host, runId } = await deployed(richDataset('binary'), 'binary', 'decision-tree')
    const openRunner = host.openRunner as NonNullable<typeof host.openRunner>
    const wrong: typeof host = {
      ...host,
      async openRunner(context) {
        const runner = await openRunner(context)
        return {
          runtime: runner.runtime,
          async open(bytes) {
            const session = await runner.open(bytes)
            return { close: () => session.close(), run: async (feeds, rows) => new Map([...(await session.run(feeds, rows))].map(([name, values]) => [name, typeof values[0] === 'number' ? Float32Array.from(values as ArrayLike<number>, (value) => value + 2e-5) : values])) }
          },
        }
      },
    }
    const refused = await deployExport({ runId, name: '', intendedUse: '', limitations: '' }, wrong)
    expect(refused.zip).toBeNull()
    expect(refused.certificate.passed).toBe(false)
    expect(refused.certificate.outputs[0]?.maxDifference).toBeGreaterThan(1e-5)
  })
})

describe('server', () => {
  test('npm test of the bundle: golden rows, the abuse table, a good answer after each', async () => {
    const server = start(['--test'])
    expect(await server.exit, server.output()).toBe(0)
    const [, passed, failed] = /(\d+) passed, (\d+) failed/.exec(server.output()) ?? []
    expect(Number(failed)).toBe(0)
    expect(Number(passed)).toBeGreaterThan(100)
  }, 60_000)

  test('routes, unfinished bodies, overload and SIGTERM', async () => {
    const server = start([], { QUEUE: '1', BODY_LIMIT: '900000' })
    const url = await listening(server)
    const model = modelSlug(exported.signature.name)
    const get = async (path: string) => {
      const response = await fetch(url + path)
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    }
    expect(await get('/v2')).toMatchObject({ status: 200, body: { name: 'glasshouse' } })
    expect(await get('/v2/health/live')).toMatchObject({ status: 200, body: { live: true } })
    expect(await get(`/v2/models/${model}/versions/1/ready`)).toMatchObject({ status: 200, body: { ready: true } })
    const { body } = await get(`/v2/models/${model}`)
    expect(body).toMatchObject({ name: model, platform: 'onnxruntime_onnx' })
    expect((body['inputs'] as { name: string }[]).map(({ name }) => name)).toEqual(golden.columns)
    expect(await askGolden(url, exported.signature, golden, 'infer')).toBeUndefined()
    expect(await askGolden(url, exported.signature, golden, 'plain')).toBeUndefined()

    // A body longer than announced room is refused without being read: the socket is told 413 at once.
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.write('POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000000\r\n\r\n{')
    const [early] = (await once(socket, 'data')) as [Buffer]
    expect(early.toString()).toMatch(/^HTTP\/1\.1 413 /)
    socket.destroy()

    const large = plainBody(exported.signature, Array.from({ length: 60 }, (_, i) => golden.rows[i % golden.rows.length] as (typeof golden.rows)[number]))
    const replies = await Promise.all(Array.from({ length: 40 }, () => fetch(`${url}/predict`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: large })))
    const statuses = new Set(replies.map(({ status }) => status))
    expect([...statuses].every((status) => status === 200 || status === 503)).toBe(true)
    expect(statuses.has(200)).toBe(true)
    for (const reply of replies) if (reply.status === 503) expect(reply.headers.get('Retry-After')).toBe('1')
    expect(await askGolden(url, exported.signature, golden, 'plain')).toBeUndefined()

    server.child.kill('SIGTERM')
    let ready = 200
    while (ready === 200) ready = (await ask(url, { method: 'GET', path: '/v2/health/ready' })).status
    expect(ready).toBe(503)
    // Still answered while it drains.
    expect(await askGolden(url, exported.signature, golden, 'plain')).toBeUndefined()
    expect(await server.exit).toBe(0)
  }, 60_000)

  test.each([
    ['a byte of the model', 'model.onnx', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from([0])]), /model\.onnx must have SHA-256/],
    ['the signature', 'signature.json', (bytes: Buffer) => Buffer.from(bytes.toString().replace('"nullable": true', '"nullable": false')), /signature\.json must have SHA-256/],
  ])('a bundle with %s changed is not started: exit 78', async (_, name, change, reason) => {
    const file = join(folder, name)
    const original = readFileSync(file)
    try {
      writeFileSync(file, change(original))
      const server = start(['--verify'])
      expect(await server.exit).toBe(78)
      expect(server.output()).toMatch(reason)
    } finally {
      writeFileSync(file, original)
    }
  })

  test('a bundle that answers its golden rows differently is not started, whatever its manifest says', async () => {
    const original = { golden: readFileSync(join(folder, 'golden.json')), manifest: readFileSync(join(folder, 'manifest.json')) }
    const { sha256 } = await import('../../../src/core/ids.ts')
    const changed = JSON.stringify({ ...golden, expected: { ...golden.expected, probabilities: golden.expected.probabilities?.map((row, i) => (i === 3 ? [...row].map((p) => p * 0.9) : row)) } })
    try {
      writeFileSync(join(folder, 'golden.json'), changed)
      const manifest = JSON.parse(original.manifest.toString()) as { files: { path: string; sha256: string }[] }
      for (const file of manifest.files) if (file.path === 'golden.json') file.sha256 = await sha256(changed)
      writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
      const server = start(['--verify'])
      expect(await server.exit).toBe(78)
      expect(server.output()).toMatch(/golden row 4 /)
    } finally {
      writeFileSync(join(folder, 'golden.json'), original.golden)
      writeFileSync(join(folder, 'manifest.json'), original.manifest)
    }
  })
})

describe('predict on a new file', () => {
  const csv = (rows: readonly (readonly string[])[]): string => rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\n')
  const header = [hostileNames.number, hostileNames.second, hostileNames.category, hostileNames.flag, hostileNames.date, 'surplus']

  test('lists what does not fit by row and column, predicts what does, and keeps every row', async () => {
    const { host, runId } = await deployed(richDataset('binary'), 'binary', 'decision-tree')
    const text = csv([
      header,
      ['1.5', '30', 'red', 'true', '2020-01-01T00:00:00Z', '=HYPERLINK("x")'],
      ['-5', '500', 'violet', 'false', '2020-01-01T00:00:00Z', ''],
      ['five', '30', 'red', 'true', '2020-01-01T00:00:00Z', ''],
      ['', '', '', '', '', 'all missing'],
    ])
    const { rows, answered, issues, missing, csv: bytes, preview } = await deployPredict({ runId, source: { kind: 'paste', text }, choices: {} }, host)
    expect([rows, answered]).toEqual([4, 3])
    expect(preview.header).toEqual([...header, 'prediction', 'probability of no', 'probability of yes'])
    const told = issues.map(({ level, kind, column, row }) => [level, kind, column.slice(0, 20), row])
    expect(told).toEqual(
      expect.arrayContaining([
        ['warning', 'extra-column', 'surplus', undefined],
        ['warning', 'out-of-range', hostileNames.second.slice(0, 20), 2],
        ['warning', 'unseen', hostileNames.category.slice(0, 20), 2],
        ['error', 'not-a-number', hostileNames.number, 3],
      ]),
    )
    expect(preview.rows.map((row) => row[6] !== '')).toEqual([true, true, false, true])
    // The last row's five cells; the row without an answer counts nowhere.
    expect(new Map(missing.map(({ column, count }) => [column, count]))).toEqual(new Map(header.slice(0, 5).map((column) => [column, 1])))
    const written = new TextDecoder().decode(bytes as Uint8Array)
    expect(written).toContain(`"'=HYPERLINK(""x"")"`)
    expect(written).toContain('\r\n-5,500,violet,false,')
    expect(written.trim().split('\r\n').length).toBeGreaterThanOrEqual(5)
  })

  test('a ragged row stays in the result without a prediction; a late byte that is not UTF-8 changes the encoding', async () => {
    const { host, runId } = await deployed(richDataset('binary'), 'binary', 'decision-tree')
    const good = '1,30,red,true,2020-01-01T00:00:00Z\n'
    const text = `${csv([header.slice(0, 5)])}\n${good}1,30\n${good.repeat(40_000)}`
    const bytes = new TextEncoder().encode(`${text}1,30,caf?,true,2020-01-01T00:00:00Z\n`)
    bytes[bytes.lastIndexOf(63)] = 0xe9
    const { rows, issues, csv: out } = await deployPredict({ runId, source: { kind: 'file', file: new File([bytes], 'late.csv') }, choices: {} }, host)
    expect(rows).toBe(40_003)
    expect(issues.find(({ kind }) => kind === 'ragged-row')).toMatchObject({ level: 'error', row: 2, count: 1 })
    expect(issues.find(({ kind }) => kind === 'unseen')).toMatchObject({ row: 40_003, text: 'Training never saw "café".' })
    const lines = new TextDecoder().decode(out as Uint8Array).trimEnd().split('\r\n')
    expect(lines.slice(-40_002)[0]).toBe('1,30,,,,,,')
    expect(lines.at(-1)).toMatch(/^1,30,café,true,2020-01-01T00:00:00Z,(yes|no),/)
  })

  test('predictions are the studio’s, and a column the model needs blocks only where it cannot be missing', async () => {
    const dataset = richDataset('regression')
    const { host, runId, result } = await deployed(dataset, 'regression', 'ridge')
    const { cellAt } = await import('../../../src/core/data/column.ts')
    const rows = Array.from({ length: 20 }, (_, row) => dataset.columns.slice(0, 5).map((column) => {
      const cell = cellAt(column, row)
      return cell === null ? '' : column.kind === 'datetime' ? new Date((cell as number) * 1000).toISOString().replace('.000', '') : String(cell)
    }))
    const source = { kind: 'paste', text: csv([header.slice(0, 5), ...rows]) } as const
    const { preview, issues } = await deployPredict({ runId, source, choices: {} }, host)
    const wanted = await result.pipeline.predict(dataset.columns, Array.from({ length: 20 }, (_, row) => row))
    expect(preview.rows.map((row) => Number(row[5]))).toEqual(wanted.task === 'regression' ? [...wanted.values] : [])
    expect(issues.filter(({ level }) => level === 'error')).toEqual([])
    const without = await deployPredict({ runId, source: { kind: 'paste', text: csv([header.slice(1, 5), ...rows.map((row) => row.slice(1))]) }, choices: {} }, host)
    expect(without.issues[0]).toMatchObject({ kind: 'missing-column', column: '__proto__', level: 'warning' })
    expect(without.csv).not.toBeNull()
  })
})
