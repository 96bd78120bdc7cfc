/** What a run's parts must look like wherever one comes in: from storage, run.json, pipeline.json or the result of a job. */
import { kinds } from '../data/kinds.ts'
import { tasks } from '../data/target.ts'
import { v } from '../schema.ts'

const text = v.string()
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1))
const params = v.record(text, v.union([v.number(), text, v.boolean()]))
const version1 = v.literal(1)

const by = <const K extends string>(kind: K) => v.looseObject({ kind: v.literal(kind), column: text })
export const splitSchema = v.looseObject({
  strategy: v.variant('kind', [
    v.looseObject({ kind: v.literal('random') }),
    by('stratified'),
    by('grouped'),
    by('time'),
    v.looseObject({ kind: v.literal('column'), column: text, like: v.optional(v.looseObject({ kind: v.picklist(['grouped', 'time']), column: text })) }),
  ]),
  validShare: share,
  testShare: share,
  seed: count,
})
export const targetSchema = v.looseObject({ column: text, task: v.picklist(tasks), positive: v.optional(text) })
export const recipeSchema = v.looseObject({
  version: version1,
  steps: v.array(
    v.looseObject({
      id: text,
      step: text,
      columns: v.variant('by', [v.looseObject({ by: v.literal('kind'), kinds: v.array(v.picklist(kinds)) }), v.looseObject({ by: v.literal('name'), names: v.array(text) })]),
      params,
    }),
  ),
  excluded: v.array(text),
})
export const estimatorSchema = v.looseObject({ id: text, params })

/** All of a RunSpec but the ids of project and dataset, which another place gives anew. */
export const specEntries = {
  version: version1,
  target: targetSchema,
  split: splitSchema,
  recipe: recipeSchema,
  estimator: estimatorSchema,
  seed: count,
  folds: v.optional(count),
  repeats: v.optional(count),
  sampleRows: v.optional(count),
  sampleWeight: v.optional(text),
  continueFrom: v.optional(text),
}
const id = v.pipe(text, v.minLength(1), v.maxLength(200))
export const runSpecSchema = v.looseObject({ ...specEntries, projectId: id, datasetId: id })
