/** How much memory a training may take on this device, as far as the browser tells. */
export interface MemoryLimit {
  readonly bytes: number
  /** Whether the browser told; otherwise it is a careful guess. */
  readonly told: boolean
}

const guess = 2 * 2 ** 30
/** A tab ends at about this much whatever the machine has. */
const tabLimit = 4 * 2 ** 30

/** Half of the device's memory: the browser, the page and other programs live in the rest. */
export function memoryLimit(): MemoryLimit {
  const { deviceMemory } = navigator as Navigator & { readonly deviceMemory?: number }
  return deviceMemory === undefined ? { bytes: guess, told: false } : { bytes: Math.min(tabLimit, (deviceMemory * 2 ** 30) / 2), told: true }
}
