/** The files of an exported bundle, each listed with its SHA-256 in manifest.json. */
/// <reference path="./virtual.d.ts" />
import { inferTensors, plainBody } from '../core/bundle/examples.ts'
import type { GoldenRows } from '../core/bundle/golden.ts'
import type { ReferenceProfile } from '../core/bundle/reference.ts'
import { modelSlug } from '../core/bundle/responses.ts'
import type { Signature } from '../core/bundle/signature.ts'
import { sha256 } from '../core/ids.ts'
import type { ZipEntry } from '../core/zip.ts'
import packageJson from './server/template/package.json?raw'
import packageLock from './server/template/package-lock.json?raw'
import dockerfile from './server/template/Dockerfile?raw'
import server from 'virtual:glasshouse-server'

export interface BundleParts {
  readonly signature: Signature
  readonly golden: GoldenRows
  readonly reference: ReferenceProfile
  readonly model: Uint8Array<ArrayBuffer>
  readonly cardMarkdown: string
  readonly cardHtml: string
  /** The run record as JSON. */
  readonly run: unknown
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

export async function bundleFiles(parts: BundleParts): Promise<ZipEntry[]> {
  const encoder = new TextEncoder()
  const texts: [string, string | Uint8Array<ArrayBuffer>][] = [
    ['model.onnx', parts.model],
    ['signature.json', json(parts.signature)],
    ['golden.json', json(parts.golden)],
    ['reference.json', json(parts.reference)],
    ['MODEL_CARD.md', parts.cardMarkdown],
    ['MODEL_CARD.html', parts.cardHtml],
    ['run.json', json(parts.run)],
    ['server/server.mjs', server],
    ['package.json', packageJson],
    ['package-lock.json', packageLock],
    ['.npmrc', 'ignore-scripts=true\nfund=false\naudit=false\n'],
    ['Dockerfile', dockerfile],
    ['.dockerignore', 'node_modules\n'],
    ['example-predict.json', `${plainBody(parts.signature, parts.golden.rows.slice(0, 1))}\n`],
    ['example-infer.json', `${JSON.stringify({ id: 'example', inputs: inferTensors(parts.signature, parts.golden.rows.slice(0, 1)) })}\n`],
    ['README.md', readme(parts.signature)],
  ]
  const entries = texts.map(([name, content]): ZipEntry => ({ name, bytes: typeof content === 'string' ? encoder.encode(content) : content }))
  const files = await Promise.all(entries.map(async ({ name, bytes }) => ({ path: name, bytes: bytes.length, sha256: await sha256(bytes as Uint8Array<ArrayBuffer>) })))
  return [...entries, { name: 'manifest.json', bytes: encoder.encode(json({ version: 1, files })) }]
}

function readme(signature: Signature): string {
  const model = modelSlug(signature.name)
  return `# ${model}

A model exported by Glasshouse, and a small server for it. Needs Node 20 or newer. The one dependency is
ONNX Runtime (onnxruntime-node, CPU); nothing is downloaded at run time.

    npm ci
    npm test        # golden rows, then requests that must be refused
    npm start       # listens on http://127.0.0.1:8080

Ask it by column names:

    curl -s http://127.0.0.1:8080/predict -H 'Content-Type: application/json' -d @example-predict.json

Ask it by the Open Inference Protocol v2:

    curl -s http://127.0.0.1:8080/v2/models/${model}/infer -H 'Content-Type: application/json' -d @example-infer.json
    curl -s http://127.0.0.1:8080/v2/models/${model}
    curl -s http://127.0.0.1:8080/v2/health/ready

## What is here

| File | What |
|---|---|
| model.onnx | raw columns in, answer out: preparation, class names and threshold are inside the graph |
| signature.json | every column: kind, range or categories seen in training, whether it may be missing |
| golden.json | rows with the studio's own answers; the server answers them at each start |
| MODEL_CARD.md, .html | what the model is for, how it was judged, what is not known |
| run.json | how it was trained |
| manifest.json | SHA-256 of every file; the server does not start (exit code 78) where one differs |

## How values are read

Numbers must be finite JSON numbers. null means missing, where signature.json says nullable. Dates are text
in the layout of signature.json (in v2 also INT64 seconds since 1970, UTC). A category that training never
saw is answered as the recipe was told to. Every column must be present in every row; no other may be.
In v2 each input has shape [rows, 1]. Anything else is refused with status 400 and a sentence that names
the column.

## Settings (environment)

PORT (8080), HOST (127.0.0.1; the image sets 0.0.0.0), THREADS (inference threads), QUEUE (256 waiting
requests, then 503), BODY_LIMIT (1000000 bytes), INFERENCE_TIMEOUT_MS (10000), DRAIN_MS (10000),
DRAIN_DELAY_MS (500: how long readiness says no before the door closes).

## Container

    docker build -t ${model} . && docker run --rm --read-only --cap-drop ALL -p 8080:8080 ${model}

The base image is pinned by version; pin it by digest as well where your registry gives you one.
On SIGTERM the server turns not ready, finishes what it has (10 s at most) and exits with 0.
`
}
