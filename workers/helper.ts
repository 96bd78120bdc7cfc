/** A helper of a compute worker: takes kernel calls on a memory that both share. */
import { help, type Post } from '../src/kernels/crew.ts'

self.addEventListener('message', ({ data }: MessageEvent<Post>) => void help(data))
