/** The files of an exported bundle, each listed with its SHA-256 in manifest.json. */
/// <reference path="./virtual.d.ts" />
import { inferTensors, plainBody } from '../core/bundle/examples.ts'
import type { GoldenRows } from '../core/bundle/golden.ts'
import type { ReferenceProfile } from '../core/bundle/reference.ts'
import type { Signature } from '../core/bundle/signature.ts'
import type { LeftOutFile } from '../core/code/write.ts'
import { sha256 } from '../core/ids.ts'
import { batchFiles } from './batch/files.ts'
import { deployFiles } from './deploy/files.ts'
import { bundleReadme } from './bundle-readme.ts'
import type { ProgramFile } from './programs.ts'
import type { ZipEntry } from '../core/zip.ts'
import packageJson from './server/template/package.json?raw'
import packageLock from './server/template/package-lock.json?raw'
import dockerfile from './server/template/Dockerfile?raw'
import notices from 'virtual:glasshouse-notices'
import scorer from 'virtual:glasshouse-scorer'
import server from 'virtual:glasshouse-server'

export interface BundleParts {
  readonly signature: Signature
  readonly golden: GoldenRows
  readonly reference: ReferenceProfile
  readonly model: Uint8Array<ArrayBuffer>
  readonly cardMarkdown: string
  readonly cardHtml: string
  readonly cardJson: string
  /** The model and its training as readable programs, as far as they have such forms. */
  readonly programs: readonly ProgramFile[]
  /** What has no such form, and why. */
  readonly leftOut: readonly LeftOutFile[]
  /** The run record as JSON. */
  readonly run: unknown
}

/** How JSON files of a bundle are written. */
export const fileJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

export async function bundleFiles(parts: BundleParts): Promise<ZipEntry[]> {
  const encoder = new TextEncoder()
  const texts: [string, string | Uint8Array<ArrayBuffer>][] = [
    ['model.onnx', parts.model],
    ['signature.json', fileJson(parts.signature)],
    ['golden.json', fileJson(parts.golden)],
    ['reference.json', fileJson(parts.reference)],
    ['MODEL_CARD.md', parts.cardMarkdown],
    ['MODEL_CARD.html', parts.cardHtml],
    ['model_card.json', parts.cardJson],
    ['run.json', fileJson(parts.run)],
    ['server/server.mjs', server],
    ['server/score.mjs', scorer],
    ['server/NOTICES.txt', notices],
    ['package.json', packageJson],
    ['package-lock.json', packageLock],
    ['.npmrc', 'ignore-scripts=true\nfund=false\naudit=false\n'],
    ['Dockerfile', dockerfile],
    ['.dockerignore', 'node_modules\n'],
    ['example-predict.json', `${plainBody(parts.signature, parts.golden.rows.slice(0, 1))}\n`],
    ['example-infer.json', `${JSON.stringify({ id: 'example', inputs: inferTensors(parts.signature, parts.golden.rows.slice(0, 1)) })}\n`],
    ...deployFiles(parts.signature),
    ...batchFiles(),
    ...parts.programs.map(([path, content]): [string, string | Uint8Array<ArrayBuffer>] => [path, content]),
    ['README.md', bundleReadme(parts.signature, parts.leftOut)],
  ]
  const entries = texts.map(([name, content]): ZipEntry => ({ name, bytes: typeof content === 'string' ? encoder.encode(content) : content }))
  const files = await Promise.all(entries.map(async ({ name, bytes }) => ({ path: name, bytes: bytes.length, sha256: await sha256(bytes as Uint8Array<ArrayBuffer>) })))
  return [...entries, { name: 'manifest.json', bytes: encoder.encode(fileJson({ version: 1, files })) }]
}
