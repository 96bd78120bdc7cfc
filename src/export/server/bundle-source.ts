/** Where a server finds the files of a bundle: in its folder. The server in one file brings another form of this (single/source.ts). */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const readFile = (folder: string, path: string): Uint8Array => readFileSync(join(folder, path))
export const hasFile = (folder: string, path: string): boolean => existsSync(join(folder, path))
/** The program itself, which is one of the files. */
export const programs: readonly string[] = ['server/server.mjs']
