/** As knn, at 100 features. */
import { knnBench } from './knn.ts'

export const bench = knnBench(100, 'knn-100.py', 2)
