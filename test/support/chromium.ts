/** Which browser the tests drive, and with which flags: one place, so every suite agrees. */
import { existsSync } from 'node:fs'

/** CHROMIUM_PATH, else Debian's chromium; undefined lets Playwright use its own download. */
export function chromiumPath(): string | undefined {
  const chosen = process.env['CHROMIUM_PATH']
  if (chosen) return chosen
  return existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined
}

/** Quiet start, and all GPU paths on the software rasteriser, so that WebGL and WebGPU run without a GPU. */
export const browserArgs: readonly string[] = [
  '--no-sandbox',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
]
/** For journeys: the page is painted without the rasteriser, which takes half a core; WebGL and WebGPU still run on it. */
export const journeyArgs: readonly string[] = [...browserArgs, '--disable-gpu-compositing']
