/**
 * Modules by name, compiled once in each worker: an engine starts with quick, slow code and makes the hot parts fast
 * later, so work of a few milliseconds is only fast with a module that was used before.
 */
const modules = new Map<string, Promise<WebAssembly.Module>>()

/** @param wasm the bytes that belong to the name, the same at each call */
export function compileOnce(name: string, wasm: ArrayBuffer): Promise<WebAssembly.Module> {
  const known = modules.get(name)
  if (known) return known
  const made = WebAssembly.compile(wasm)
  modules.set(name, made)
  made.catch(() => modules.delete(name))
  return made
}
