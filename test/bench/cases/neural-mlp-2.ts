/** The neural-mlp case on two threads, the peer too. */
import { benchOn } from './neural-mlp.ts'

export const bench = benchOn(2)
