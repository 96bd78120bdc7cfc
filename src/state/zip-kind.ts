/** What a zip holds, from its directory alone: the code that reads zips is loaded when one comes. */
export async function holdsPictures(file: File): Promise<boolean> {
  const { listZip } = await import('../core/zip.ts')
  try {
    const names = await listZip({ size: file.size, read: async (from, to) => new Uint8Array(await file.slice(from, to).arrayBuffer()) })
    return !names.includes('manifest.json') && names.some((name) => /\.(jpe?g|png|webp|gif)$/i.test(name))
  } catch {
    // Whoever imports it says what is wrong with it.
    return false
  }
}
