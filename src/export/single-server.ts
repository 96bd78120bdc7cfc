/// <reference path="./virtual.d.ts" />
/** The server of a bundle as one .mjs: program, ONNX Runtime's wasm and the bundle's own files, nothing to install. Slower than the other. */
import { StudioError } from '../core/errors.ts'
import { bytesOf } from '../core/zip.ts'
import { openBundleZip } from './open-bundle.ts'
import program from 'virtual:glasshouse-single'

/** What the server reads; cards and manifests for clusters stay in the zip. */
const carried = ['manifest.json', 'model.onnx', 'signature.json', 'golden.json', 'reference.json']

function base64(bytes: Uint8Array): string {
  let text = ''
  for (let from = 0; from < bytes.length; from += 0x2000) text += String.fromCharCode(...bytes.subarray(from, from + 0x2000))
  return btoa(text)
}
const gzip = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> => new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer())

/**
 * @param zip a bundle; its checksums are held against its manifest first
 * @param wasm ONNX Runtime's, the file that this studio runs itself
 */
export async function singleServer(zip: Uint8Array, wasm: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const { files } = await openBundleZip(bytesOf(zip))
  const inside = carried.flatMap((path): [string, string][] => {
    const bytes = files.get(path)
    return bytes ? [[path, base64(bytes)]] : []
  })
  const data = JSON.stringify({ wasm: base64(await gzip(wasm)), files: inside })
  const marker = /(["'`])__GLASSHOUSE_SINGLE__\1/
  if (!marker.test(program)) throw new StudioError({ code: 'bug', message: 'missing marker; the server in one file must have a place for its data' })
  return new TextEncoder().encode(program.replace(marker, () => JSON.stringify(data)))
}
