/** The boosting-classes case on two threads, the peer too. */
import { benchOn } from './boosting-classes.ts'

export const bench = benchOn(2)
