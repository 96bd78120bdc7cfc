/** What the export writes into the server in one file: see src/export/single-server.ts. */
export interface SingleData {
  /** ONNX Runtime's wasm, gzip in base64. */
  readonly wasm: string
  /** Files of the bundle in base64, manifest.json among them. */
  readonly files: readonly (readonly [path: string, base64: string])[]
}
export const data = JSON.parse('__GLASSHOUSE_SINGLE__') as SingleData
