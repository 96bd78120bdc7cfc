/** A project file becomes a project of its own: all of it or nothing. */
import { StudioError } from '../core/errors.ts'
import type { RandomBytes } from '../core/zip.ts'
import { readProjectFile } from '../export/project-read.ts'
import { adoptProject } from '../storage/adopt-project.ts'
import type { TaskHandler } from './task.ts'

const blockBytes = 1024 * 1024
const blocksKept = 4

/**
 * A file that changes or vanishes while it is read is a refusal, not a defect. Small reads come out of a
 * few large blocks: a browser takes about a millisecond for a read, and a zip of pictures asks for many.
 */
export function randomBytesOf(file: Blob): RandomBytes {
  const blocks = new Map<number, Promise<Uint8Array>>()
  async function slice(from: number, to: number): Promise<Uint8Array> {
    try {
      return new Uint8Array(await file.slice(from, to).arrayBuffer())
    } catch (cause) {
      throw new StudioError({ code: 'bad-data', message: 'missing file; it was changed or removed while it was read', hint: 'Choose the file again.', cause })
    }
  }
  function block(number: number): Promise<Uint8Array> {
    let found = blocks.get(number)
    if (!found) {
      found = slice(number * blockBytes, (number + 1) * blockBytes)
      blocks.set(number, found)
      if (blocks.size > blocksKept) blocks.delete(blocks.keys().next().value as number)
    }
    return found
  }
  return {
    size: file.size,
    async read(from, to) {
      const end = Math.min(to, file.size)
      const number = Math.floor(from / blockBytes)
      if (end <= from || end > (number + 1) * blockBytes) return slice(from, to)
      return (await block(number)).subarray(from - number * blockBytes, end - number * blockBytes)
    },
  }
}

export const projectImport: TaskHandler<'project/import'> = async ({ file }, { store, context }) => {
  const checkpoint = () => context.checkpoint()
  const parts = await readProjectFile(randomBytesOf(file), { checkpoint, onProgress: (done, total) => context.report({ kind: 'step', phase: 'Checking', done, total }) })
  context.report({ kind: 'step', phase: 'Storing', done: 0, total: 1 })
  const projectId = await adoptProject(store, parts, { checkpoint })
  context.report({ kind: 'step', phase: 'Storing', done: 1, total: 1 })
  return { projectId }
}
