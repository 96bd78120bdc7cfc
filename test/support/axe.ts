/**
 * What axe finds on a page. It is put into the page once and run there: the builder of its Playwright package
 * injects it for every look and ends each in a page of its own, which takes ten times as long. Nothing here
 * stands in a frame of another origin, which is what that is for.
 */
import type { Page } from '@playwright/test'
import axe from 'axe-core'

/** @param rules only these; all of axe's defaults without. @returns a line for each element: rule, element, what to do. */
export async function violations(page: Page, rules?: readonly string[]): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source)
  const found = await page.evaluate(async (values) => {
    const { run } = (globalThis as unknown as { axe: typeof axe }).axe
    const { violations } = await run(document, { resultTypes: ['violations'], ...(values ? { runOnly: { type: 'rule', values } } : {}) })
    return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ target, failureSummary }) => ({ target: target.join(' '), todo: failureSummary ?? '' })) }))
  }, rules && [...rules])
  return found.flatMap(({ id, nodes }) => nodes.map(({ target, todo }) => `${id}: ${target} · ${todo.replace(/\s+/g, ' ').slice(0, 300)}`))
}
