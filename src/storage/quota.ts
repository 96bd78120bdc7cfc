/** How much room is left, as far as a browser tells. */

/**
 * Bytes the browser says are free for this site, or undefined where it does not say, or says what cannot
 * be: some report a made-up limit, and have just refused less than that.
 * @param refused bytes that it would not keep
 */
export async function freeBytes(refused: number): Promise<number | undefined> {
  const storage = (globalThis as { navigator?: { storage?: { estimate?: () => Promise<{ quota?: number; usage?: number }> } } }).navigator?.storage
  try {
    const { quota, usage } = (await storage?.estimate?.()) ?? {}
    if (quota === undefined || usage === undefined) return undefined
    const free = Math.max(0, quota - usage)
    return free < refused ? free : undefined
  } catch {
    return undefined
  }
}
