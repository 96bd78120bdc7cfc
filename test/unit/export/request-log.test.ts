/** The request log on a bad day: no room, half a line, a file moved away; and names that would let a column through. */
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Signature } from '../../../src/core/bundle/signature.ts'
import { BundleError } from '../../../src/export/server/bundle.ts'
import { LineFile } from '../../../src/export/server/line-file.ts'
import { Redaction } from '../../../src/export/server/redaction.ts'
import { RequestLog } from '../../../src/export/server/request-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'glasshouse-log-'))
afterAll(() => rmSync(folder, { recursive: true }))
const spoken = (said: string[]) => ({ say: (event: string, reason: string) => void said.push(`${event}: ${reason}`) })

describe('the file', () => {
  test('one that cannot be opened refuses the start, with the reason', () => {
    expect(() => new LineFile(join(folder, 'nowhere', 'log'))).toThrow(BundleError)
    expect(() => new LineFile(folder)).toThrow(/invalid REQUEST_LOG; .*EISDIR/)
  })

  test('no room: lines are lost and counted, said once, and with room again it goes on', async () => {
    const path = join(folder, 'full')
    symlinkSync('/dev/full', path)
    const said: string[] = []
    const file = new LineFile(path, spoken(said))
    for (let i = 0; i < 5; i++) {
      file.write('a\nb\n')
      await new Promise((done) => setTimeout(done, 5))
    }
    await file.reopen()
    expect([file.lost, said]).toEqual([10, ['request log not written: ENOSPC']])
    unlinkSync(path)
    await file.reopen()
    file.write('c\n')
    await file.close()
    expect([readFileSync(path, 'utf8'), file.lost, said[1]]).toEqual(['c\n', 10, `request log written again: ${path}`])
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test('a line that was half written is taken back, and the whole ones before it stay', async () => {
    const path = join(folder, 'half')
    const { writeSync } = await import('node:fs')
    let room = 12
    const file = new LineFile(path, {
      put: async (fd, bytes, from) => {
        const part = Math.min(bytes.length - from, room)
        if (part === 0) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
        room -= part
        return writeSync(fd, bytes, from, part)
      },
    })
    file.write('12345\n67890\nabcde\n')
    await file.reopen()
    room = 15
    file.write('12345\n67890\nabcde\n')
    await file.reopen()
    room = 100
    file.write('again\n')
    await file.close()
    expect([readFileSync(path, 'utf8'), file.lost]).toEqual(['12345\n67890\n12345\n67890\nagain\n', 2])
  })

  test('moved away, it is opened anew under its name; nothing is lost between', async () => {
    const path = join(folder, 'rotated')
    const file = new LineFile(path)
    file.write('one\n')
    await file.reopen()
    renameSync(path, `${path}.1`)
    file.write('two\n')
    await file.reopen()
    file.write('three\n')
    await file.close()
    expect(readFileSync(`${path}.1`, 'utf8') + readFileSync(path, 'utf8')).toBe('one\ntwo\nthree\n')
    expect(readFileSync(path, 'utf8')).toContain('three')
  })
})

test('a line says what its request set', () => {
  const lines: string[] = []
  const log = new RequestLog({ full: false, lost: 0, write: (text) => void lines.push(text), close: () => Promise.resolve() }, new Redaction(''), () => new Date(0))
  const signature: Signature = { version: 2, name: 'm', task: 'binary', target: 'y', inputs: [], classes: ['no', 'yes'], outputs: [] }
  const entry = { request: 'r', model: 'm', version: '1', arm: 'single', protocol: 'v2', signature, feeds: [], rows: 1, answer: { answers: ['yes'], probabilities: [0.75, 0.25] } } as const
  log.write({ ...entry, threshold: 0.2 })
  log.write({ ...entry, threshold: undefined })
  const line = (params: string): string => `{"log":1,"time":"1970-01-01T00:00:00.000Z","request":"r","row":1,"model":"m","version":"1","arm":"single","protocol":"v2","inputs":{}${params},"answer":{"label":"yes","probabilities":{"no":0.75,"yes":0.25}}}\n`
  expect(lines).toEqual([line(',"params":{"threshold":0.2}'), line('')])
})

describe('redaction', () => {
  const input = (name: string) => ({ name, kind: 'numeric', tensor: 'float', nullable: true }) as const
  const signature: Signature = { version: 1, name: 'm', task: 'regression', target: 'y', inputs: ['SSN', 'name, first', 'age'].map(input), classes: [], outputs: [] }
  test.each([
    ['ssn', ['SSN']],
    [' SSN , age', ['SSN', 'age']],
    ['["name, first"]', ['name, first']],
    ['*', ['SSN', 'name, first', 'age']],
    ['', []],
  ])('%s', (setting, hidden) => {
    const redaction = new Redaction(setting)
    redaction.check([signature])
    expect(signature.inputs.map(({ name }) => name).filter((name) => redaction.hides(name))).toEqual(hidden)
    const lines: string[] = []
    const log = new RequestLog({ full: false, lost: 0, write: (text) => void lines.push(text), close: () => Promise.resolve() }, redaction)
    log.write({ request: 'r', model: 'm', version: '1', arm: 'single', protocol: 'plain', signature, feeds: [1, 2, 3].map((value) => ({ type: 'float', values: Float32Array.of(value) })), rows: 1, threshold: undefined, answer: { answers: [7] } })
    const { inputs, answer } = JSON.parse(lines.join('')) as { inputs: Record<string, unknown>; answer: unknown }
    expect(Object.entries(inputs).flatMap(([name, value]) => (value === '[redacted]' ? [name] : []))).toEqual(hidden)
    expect(answer).toEqual({ value: 7 })
  })
  test.each([['ssnn', /no model has the column "ssnn", there are "SSN", "name, first", "age"/], ['name, first', /no model has the column "name"/], ['["SSN"', /must be a JSON list/], ['[1]', /must be a JSON list/]])('%s is refused', (setting, reason) => {
    expect(() => new Redaction(setting).check([signature])).toThrow(reason)
  })
})
