/** The neural-cnn case on two threads, the peer too. */
import { benchOn } from './neural-cnn.ts'

export const bench = benchOn(2)
