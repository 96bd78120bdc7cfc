/** Files by path: read in pieces, written whole or not at all. */
import { constants } from 'node:fs'
import { access, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import type { ByteSource } from '../core/ingest/source.ts'
import { openBundleZip, type OpenedBundle } from '../export/open-bundle.ts'
import { UsageError } from './usage.ts'

const reason = (error: unknown): string => {
  const code = (error as { code?: string }).code
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'it may not be read or written'
  return code ?? (error instanceof Error ? error.message : String(error))
}

/** @throws UsageError where there is no such file or it may not be read */
export async function openFile(path: string): Promise<{ readonly bytes: ByteSource; readonly name: string; close(): Promise<void> }> {
  try {
    const handle = await open(path, 'r')
    const info = await handle.stat()
    if (info.isDirectory()) {
      await handle.close()
      throw new UsageError(`invalid file; it is a folder: ${path}`)
    }
    const read = async (from: number, to: number): Promise<Uint8Array> => {
      const bytes = new Uint8Array(to - from)
      let at = 0
      while (at < bytes.length) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, from + at)
        if (bytesRead === 0) break
        at += bytesRead
      }
      return bytes.subarray(0, at)
    }
    return { bytes: { size: info.size, read }, name: basename(path), close: () => handle.close() }
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`invalid file; ${reason(error)}: ${path}`)
  }
}

/** A bundle at a path. @throws UsageError for a path that cannot be read; StudioError for what is no bundle or was changed */
export async function openBundle(path: string): Promise<OpenedBundle> {
  const file = await openFile(path)
  try {
    return await openBundleZip(file.bytes)
  } finally {
    await file.close()
  }
}

/** Before hours of work: can this file be written? @throws UsageError where its folder is not there or closed */
export async function checkWritable(path: string): Promise<void> {
  const folder = dirname(resolve(path))
  try {
    await access(folder, constants.W_OK)
  } catch (error) {
    throw new UsageError(`invalid --out; its folder cannot be written (${reason(error)}): ${path}`)
  }
  if ((await stat(path).catch(() => undefined))?.isDirectory()) throw new UsageError(`invalid --out; it is a folder: ${path}`)
}

/** A reader of `path` sees the old bytes or all of the new ones. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const half = `${path}.${process.pid}.part`
  try {
    await writeFile(half, bytes)
    await rename(half, path)
  } catch (error) {
    await rm(half, { force: true })
    throw new UsageError(`invalid --out; ${reason(error)}: ${path}`)
  }
}
