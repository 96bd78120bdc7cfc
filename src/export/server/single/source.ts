/** The bundle inside the server in one file; another one, by BUNDLE or SERVING, is still read from its folder. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { data } from './data.ts'

const files = new Map(data.files)
/** What main.ts takes for the bundle's folder where nobody names one: the parent of the program's. */
const own = dirname(dirname(fileURLToPath(import.meta.url)))

export const readFile = (folder: string, path: string): Uint8Array => {
  if (folder !== own) return readFileSync(join(folder, path))
  const found = files.get(path)
  if (found === undefined) throw new Error(`missing file: ${path}`)
  return Buffer.from(found, 'base64')
}
export const hasFile = (folder: string, path: string): boolean => (folder === own ? files.has(path) : existsSync(join(folder, path)))
export const programs: readonly string[] = []
