/** A helper's thread in Node: loads TypeScript as it is. */
import { parentPort } from 'node:worker_threads'
import { register } from 'tsx/esm/api'

register()
const { help } = await import('../../src/kernels/crew.ts')
parentPort.on('message', (post) => void help(post))
