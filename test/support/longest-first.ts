/** Files that start processes, train or compile come first, so that none of them is left alone on one core at the end; within both, Vitest's own order. */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const long = /\/(cli|export|tasks|contract|golden)\//

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return [...sorted.filter(({ moduleId }) => long.test(moduleId)), ...sorted.filter(({ moduleId }) => !long.test(moduleId))]
  }
}
