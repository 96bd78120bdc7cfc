/** The boosting-mixed case on two threads, the peer too. */
import { benchOn } from './boosting-mixed.ts'

export const bench = benchOn(2)
