/**
 * XGBoost's own JSON of a booster of trees (schema of 1.x to 3.x) as a model of ours. It asks `value < condition`, we
 * ask `value <= threshold`: the threshold is the float32 just below the condition, so every value goes the same way.
 */
import { StudioError } from '../errors.ts'
import type { Head } from '../estimators/tree/head.ts'
import { TreesBuilder, treesToState } from '../estimators/tree/tree.ts'
import type { ModelState } from '../estimators/estimator.ts'
import { log } from '../math/elementary.ts'
import type { Json } from '../recipe/step.ts'
import { check, v } from '../schema.ts'

const numbers = v.array(v.number())
const schema = v.looseObject({
  learner: v.looseObject({
    learner_model_param: v.looseObject({ base_score: v.union([v.string(), v.number()]), num_class: v.union([v.string(), v.number()]), num_feature: v.union([v.string(), v.number()]) }),
    objective: v.looseObject({ name: v.picklist(['reg:squarederror', 'binary:logistic', 'multi:softprob', 'multi:softmax']) }),
    gradient_booster: v.looseObject({
      name: v.literal('gbtree'),
      model: v.looseObject({
        tree_info: numbers,
        trees: v.array(v.looseObject({ left_children: numbers, right_children: numbers, split_indices: numbers, split_conditions: numbers, default_left: v.array(v.union([v.number(), v.boolean()])), sum_hessian: numbers, loss_changes: numbers, categories: v.optional(numbers) })),
      }),
    }),
  }),
})

/** The largest float32 below a float32. */
export function below(value: number): number {
  const bits = new DataView(new ArrayBuffer(4))
  bits.setFloat32(0, value)
  const word = bits.getInt32(0)
  if (value === 0) return -1.401298464324817e-45
  bits.setInt32(0, value > 0 ? word - 1 : word + 1)
  return bits.getFloat32(0)
}

/**
 * @param head task, classes and category counts of the features it was trained on
 * @param facts for the run record
 * @throws StudioError bad-data where it is no such booster, or of other features
 */
export function fromXgboost(json: unknown, head: Omit<Head, 'base'>, facts: { readonly [key: string]: Json }): ModelState {
  const refuse = (rule: string): StudioError => new StudioError({ code: 'bad-data', message: `invalid booster; ${rule}` })
  const { learner } = check(schema, json, 'booster')
  const { base_score: score, num_feature: features } = learner.learner_model_param
  if (Number(features) !== head.categoryCounts.length) throw refuse(`it was trained on ${features} features, and the recipe makes ${head.categoryCounts.length}`)
  const outputs = head.task === 'multiclass' ? head.classes.length : 1
  const wanted = { regression: 'reg:squarederror', binary: 'binary:logistic', multiclass: 'multi:softprob' }[head.task]
  if (learner.objective.name !== wanted) throw refuse(`its objective must be ${wanted}: ${learner.objective.name}`)
  const { trees, tree_info: info } = learner.gradient_booster.model
  // From 3.1 on the score is a list, of several classes one each, which are margins already.
  const starts = String(score).replace(/[[\]]/g, '').split(',').map((text) => (text.trim() === '' ? Number.NaN : Number(text)))
  const start = starts[0] as number
  if (!starts.every(Number.isFinite) || (starts.length !== 1 && starts.length !== outputs) || info.length !== trees.length) throw refuse('its base score or its list of trees is not whole')
  const base = head.task === 'binary' ? [log(start / (1 - start))] : starts.length === outputs ? starts : new Array<number>(outputs).fill(start)
  const builder = new TreesBuilder(outputs, 1)
  for (const [t, tree] of trees.entries()) {
    const { left_children: left, right_children: right, split_indices: feature, split_conditions: condition, default_left: missing, sum_hessian: cover, loss_changes: gain } = tree
    const size = left.length
    if (tree.categories && tree.categories.length > 0) throw refuse(`tree ${t} splits by sets of categories`)
    if ([right, feature, condition, missing, cover, gain].some((list) => list.length !== size)) throw refuse(`the lists of tree ${t} are not of one length`)
    const target = info[t] as number
    if (!(Number.isInteger(target) && target >= 0 && target < outputs)) throw refuse(`tree ${t} adds to output ${target} of ${outputs}`)
    const reached = new Uint8Array(size)
    const place = (node: number): void => {
      if (!Number.isInteger(node) || node < 0 || node >= size || reached[node] === 1) throw refuse(`tree ${t} leads to node ${node}, which is not there or was reached before`)
      reached[node] = 1
    }
    place(0)
    const open = [{ node: 0, ours: builder.addNode(cover[0] as number, [left[0] === -1 ? (condition[0] as number) : 0]) }]
    for (let next = open.pop(); next; next = open.pop()) {
      const { node, ours } = next
      if (left[node] === -1) continue
      const at = feature[node] as number
      if (!(Number.isInteger(at) && at >= 0 && at < head.categoryCounts.length)) throw refuse(`tree ${t} asks for feature ${at}`)
      const children = [left[node] as number, right[node] as number].map((child) => {
        place(child)
        return { node: child, ours: builder.addNode(cover[child] as number, [left[child] === -1 ? (condition[child] as number) : 0]) }
      }) as [(typeof open)[number], (typeof open)[number]]
      const asked = Math.fround(condition[node] as number)
      const rest = { feature: at, missingLeft: Boolean(missing[node]), gain: gain[node] as number }
      // To XGBoost a category is its number; to us the numbers below the condition are a set.
      const categories = Array.from({ length: head.categoryCounts[at] as number }, (_, code) => code)
      builder.split(ours, categories.length > 0 ? { ...rest, codes: categories.filter((code) => code < asked) } : { ...rest, threshold: below(asked) }, children[0].ours, children[1].ours)
      open.push(...children)
    }
    builder.endTree(target)
  }
  const state = treesToState(builder.build())
  return { estimator: 'hist-gradient-boosting', version: 1, json: { ...state.json, ...head, base, facts }, arrays: state.arrays }
}
