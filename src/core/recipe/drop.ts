import type { Step } from './step.ts'

/** Takes columns away from the model. */
export const drop: Step<Record<never, never>, null> = {
  id: 'drop',
  label: 'Drop columns',
  summary: 'Keeps columns away from the model, such as leaks or columns unknown at prediction time.',
  source: 'A plain projection',
  params: {},
  kinds: ['numeric', 'boolean', 'categorical', 'datetime', 'text', 'id', 'image'],
  refuses: () => undefined,
  fit: () => null,
  apply: () => [],
  toOnnx: () => [],
}
