/** Hands bytes to the person as a download; nothing leaves the device. */
export function saveBytes(bytes: Uint8Array<ArrayBuffer> | string, fileName: string, type: string): void {
  const url = URL.createObjectURL(new Blob([bytes], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  link.click()
  // The browser has taken the address by the next turn; a minute is more than any needs.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
