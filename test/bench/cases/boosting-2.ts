/** The boosting case on two threads, the peer too. */
import { benchOn } from './boosting.ts'

export const bench = benchOn(2)
