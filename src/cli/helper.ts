/** A helper's thread in the terminal: takes kernel calls on a memory that all share. */
import { parentPort } from 'node:worker_threads'
import { help, type Post } from '../kernels/crew.ts'

parentPort?.on('message', (post: Post) => void help(post))
