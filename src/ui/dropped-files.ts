/** Files and whole folders out of a drop, a paste or a picker, each with its path. */
export interface PathFile {
  readonly file: File
  readonly path: string
}

/** 2.jpg before 10.jpg. */
const natural = new Intl.Collator('en', { numeric: true })

const readAll = (reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> =>
  new Promise((resolve, reject) => {
    const all: FileSystemEntry[] = []
    // A reader gives a hundred at a time, and nothing once it is through.
    const more = (): void => reader.readEntries((entries) => (entries.length === 0 ? resolve(all) : (all.push(...entries), more())), reject)
    more()
  })

async function walk(entry: FileSystemEntry, found: PathFile[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File | undefined>((resolve) => (entry as FileSystemFileEntry).file(resolve, () => resolve(undefined)))
    if (file) found.push({ file, path: entry.fullPath.replace(/^\//, '') })
  } else {
    const entries = await readAll((entry as FileSystemDirectoryEntry).createReader())
    for (const each of entries.sort((a, b) => natural.compare(a.name, b.name))) await walk(each, found)
  }
}

const plain = (file: File): PathFile => ({ file, path: file.webkitRelativePath || file.name })

/** Must be called while the event is handled: the browser forgets what was dropped afterwards. */
export function droppedFiles(transfer: DataTransfer): Promise<PathFile[]> {
  const entries = [...transfer.items].map((item) => (item.kind === 'file' ? item.webkitGetAsEntry() : null))
  const files = [...transfer.files]
  return (async () => {
    if (!entries.some((entry) => entry?.isDirectory)) return files.map(plain)
    const found: PathFile[] = []
    for (const entry of entries) if (entry) await walk(entry, found)
    return found
  })()
}

/** Opens the platform's picker; resolves when something was chosen. */
export function pickFiles(options: { readonly accept?: string; readonly folder?: boolean; readonly onfiles: (files: PathFile[]) => void }): void {
  const input = document.createElement('input')
  input.type = 'file'
  input.multiple = true
  if (options.accept) input.accept = options.accept
  if (options.folder) input.webkitdirectory = true
  // Folders come in the order of the disk.
  const inOrder = (files: PathFile[]): PathFile[] => (options.folder ? files.sort((a, b) => natural.compare(a.path, b.path)) : files)
  input.addEventListener('change', () => options.onfiles(inOrder([...(input.files ?? [])].map(plain))), { once: true })
  input.click()
}

export const pictureAccept = 'image/jpeg,image/png,image/webp,image/gif,.jpg,.jpeg,.png,.webp,.gif,.zip,.csv'
/** By what the system says of a file; what it really is, its content says later. */
export const looksLikePicture = (file: File): boolean => file.type.startsWith('image/') || /\.(jpe?g|png|webp|gif|svg|heic|bmp|tiff?|avif)$/i.test(file.name)

/** Pictures out of the clipboard, each with a name that it never had; taken out of the event where there are any. */
export function pastedPictures(event: ClipboardEvent): PathFile[] {
  const files = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith('image/'))
  if (files.length > 0) event.preventDefault()
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '-')
  return files.map((file, i) => ({ file, path: `pasted ${stamp} ${i + 1}.${file.type.slice(6)}` }))
}
