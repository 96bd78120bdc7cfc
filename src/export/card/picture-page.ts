/**
 * A model of pictures, asked by hand: a picture of the reader's, or one drawn here, lit, blurred, turned and cut by the
 * studio's own arithmetic (core/images/edit.ts), and what the model says of it then. Nothing is kept.
 */
import { goldenPictures } from '../../core/bundle/pictures.ts'
import { editPicture, noEdits, type PictureEdits, placeBefore, type Stroke } from '../../core/images/edit.ts'
import { readHeader } from '../../core/images/header.ts'
import type { Pixels } from '../../core/images/luma.ts'
import { Coalesce } from '../../state/coalesce.ts'
import { openPictureInBrowser } from '../../tasks/open-picture.ts'
import { breath, byId, type CardAnswer, type CardModel, make, showAnswer, showProblem } from './answer.ts'

type Place = readonly [number, number]
const colours = { white: [255, 255, 255], grey: [128, 128, 128], black: [0, 0, 0] } as const
type Colour = keyof typeof colours
/** A ground to draw on, in pixels a side. */
const groundSide = 280
const ground = (level: number): Pixels => ({ width: groundSide, height: groundSide, channels: 3, data: new Uint8Array(groundSide * groundSide * 3).fill(level) })
/** Nobody took it, and it is of no class. */
const madeUp = (goldenPictures()[0] as { pixels: Pixels }).pixels

const percent = (value: number): string => `${Math.round(value * 1000) / 10} %`
interface Control {
  readonly label: string
  readonly min: number
  readonly max: number
  readonly step: number
  readonly written: (value: number) => string
  readonly get: (edits: PictureEdits) => number
  readonly set: (edits: PictureEdits, value: number) => PictureEdits
}
const cut = (side: keyof PictureEdits['crop'], other: keyof PictureEdits['crop'], label: string): Control => ({
  label,
  min: 0,
  max: 0.9,
  step: 0.01,
  written: percent,
  get: ({ crop }) => crop[side],
  // Something is left to look at, whatever the opposite side has lost.
  set: (edits, value) => ({ ...edits, crop: { ...edits.crop, [side]: Math.min(value, 0.9 - edits.crop[other]) } }),
})
const controls: readonly Control[] = [
  { label: 'Brightness', min: -0.9, max: 0.9, step: 0.01, written: percent, get: ({ brightness }) => brightness, set: (edits, brightness) => ({ ...edits, brightness }) },
  { label: 'Contrast', min: -0.9, max: 0.9, step: 0.01, written: percent, get: ({ contrast }) => contrast, set: (edits, contrast) => ({ ...edits, contrast }) },
  { label: 'Blur', min: 0, max: 0.1, step: 0.005, written: percent, get: ({ blur }) => blur, set: (edits, blur) => ({ ...edits, blur }) },
  { label: 'Turn', min: -180, max: 180, step: 1, written: (value) => `${value}°`, get: ({ rotate }) => rotate, set: (edits, rotate) => ({ ...edits, rotate }) },
  cut('left', 'right', 'Cut from the left'),
  cut('right', 'left', 'Cut from the right'),
  cut('top', 'bottom', 'Cut from the top'),
  cut('bottom', 'top', 'Cut from the bottom'),
]

export function picturePage(model: CardModel, ask: (pixels: Pixels) => Promise<CardAnswer>): void {
  const stage = byId('stage')
  const canvas = byId<HTMLCanvasElement>('picture')
  const brush = byId('brush')
  let pixels = madeUp
  let edits: PictureEdits = noEdits
  let colour: Colour = 'white'
  let radius = 0.06
  /** The brush under the keyboard, in shares of the picture on screen. */
  let cursor: Place | undefined

  const live = new Coalesce<{ readonly pixels: Pixels; readonly edits: PictureEdits }, { readonly edited: Pixels; readonly answer: CardAnswer }>(
    async (question) => {
      await breath()
      const edited = editPicture(question.pixels, question.edits)
      paint(edited)
      await breath()
      return { edited, answer: await ask(edited) }
    },
    ({ answer }) => showAnswer(model, answer),
    showProblem,
  )
  const show = (): void => live.put({ pixels, edits })

  function paint({ width, height, data }: Pixels): void {
    const image = new ImageData(width, height)
    for (let i = 0, at = 0; at < data.length; i += 4, at += 3) {
      image.data.set([data[at] as number, data[at + 1] as number, data[at + 2] as number, 255], i)
    }
    canvas.width = width
    canvas.height = height
    stage.style.setProperty('--shape', String(width / height))
    canvas.getContext('2d')?.putImageData(image, 0, 0)
  }

  const sliders = controls.map((control) => {
    const id = `edit-${control.label.toLowerCase().replaceAll(' ', '-')}`
    const slider = make('input', { type: 'range', id, min: String(control.min), max: String(control.max), step: String(control.step) })
    const told = make('output')
    told.setAttribute('for', id)
    const follow = (): void => {
      slider.value = String(control.get(edits))
      told.textContent = control.written(control.get(edits))
      slider.setAttribute('aria-valuetext', told.textContent)
    }
    slider.addEventListener('input', () => {
      edits = control.set(edits, slider.valueAsNumber)
      follow()
      show()
    })
    follow()
    return { box: make('div', { className: 'control' }, make('label', { htmlFor: id, textContent: control.label }), slider, told), follow }
  })
  /** @param file where the picture came from, which the chooser names */
  function start(next: Pixels, nextColour = colour, file?: File): void {
    if (chooser.files?.[0] !== file) chooser.value = ''
    pixels = next
    edits = noEdits
    colour = nextColour
    ink.value = colour
    for (const { follow } of sliders) follow()
    show()
  }

  async function openFile(file: File | undefined): Promise<void> {
    if (!file) return
    try {
      const bytes = new Uint8Array(await file.arrayBuffer())
      const opened = await openPictureInBrowser(bytes, readHeader(bytes).type)
      try {
        start(opened.pixels(), colour, file)
      } finally {
        opened.close()
      }
    } catch (error) {
      live.drop()
      showProblem(error)
    }
  }
  const chooser = make('input', { type: 'file', id: 'file', accept: 'image/png,image/jpeg,image/webp,image/gif' })
  chooser.addEventListener('change', () => void openFile(chooser.files?.[0]))
  // Dropped anywhere: a browser would open it in the place of this page.
  document.addEventListener('dragover', (event) => event.preventDefault())
  document.addEventListener('drop', (event) => {
    event.preventDefault()
    void openFile(event.dataTransfer?.files[0])
  })

  const button = (text: string, act: () => void): HTMLButtonElement => {
    const made = make('button', { type: 'button', textContent: text })
    made.addEventListener('click', act)
    return made
  }
  const ink = make('select', { id: 'ink' }, ...(Object.keys(colours) as Colour[]).map((name) => make('option', { value: name, textContent: name })))
  ink.addEventListener('change', () => (colour = ink.value as Colour))
  const width = make('input', { type: 'range', id: 'width', min: '0.01', max: '0.3', step: '0.01', value: String(radius) })
  width.addEventListener('input', () => (radius = width.valueAsNumber))
  byId('controls').replaceChildren(
    make('div', { className: 'control' }, make('label', { htmlFor: 'file', textContent: 'A picture of yours' }), chooser),
    make('div', { className: 'buttons' }, button('Draw on black', () => start(ground(0), 'white')), button('Draw on white', () => start(ground(255), 'black')), button('The made-up picture', () => start(madeUp))),
    ...sliders.map(({ box }) => box),
    make('div', { className: 'control' }, make('label', { htmlFor: 'ink', textContent: 'Paint with' }), ink),
    make('div', { className: 'control' }, make('label', { htmlFor: 'width', textContent: 'Brush' }), width, make('span')),
    make('div', { className: 'buttons' }, button('Undo a stroke', () => change({ strokes: edits.strokes.slice(0, -1) })), button('As it was', () => start(pixels, colour, chooser.files?.[0]))),
  )

  function change(next: Partial<PictureEdits>): void {
    edits = { ...edits, ...next }
    show()
  }
  const share = (value: number): number => Math.min(1, Math.max(0, value))
  const placeOf = (event: PointerEvent): Place => {
    const box = canvas.getBoundingClientRect()
    return placeBefore(edits, pixels, share((event.clientX - box.left) / box.width), share((event.clientY - box.top) / box.height))
  }
  const begin = (place: Place): void => change({ strokes: [...edits.strokes, { colour: colours[colour], radius, points: [...place] }] })
  let drawing = false
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId)
    drawing = true
    begin(placeOf(event))
  })
  canvas.addEventListener('pointermove', (event) => {
    const last = edits.strokes.at(-1)
    if (!drawing || !last) return
    const longer: Stroke = { ...last, points: [...last.points, ...placeOf(event)] }
    change({ strokes: [...edits.strokes.slice(0, -1), longer] })
  })
  for (const end of ['pointerup', 'pointercancel'] as const) canvas.addEventListener(end, () => (drawing = false))

  const steps = new Map<string, Place>([['ArrowLeft', [-0.04, 0]], ['ArrowRight', [0.04, 0]], ['ArrowUp', [0, -0.04]], ['ArrowDown', [0, 0.04]]])
  function showCursor(): void {
    brush.hidden = cursor === undefined
    if (!cursor) return
    brush.style.left = `${cursor[0] * 100}%`
    brush.style.top = `${cursor[1] * 100}%`
    brush.style.width = `${(200 * radius * Math.min(pixels.width, pixels.height)) / canvas.width}%`
  }
  stage.addEventListener('keydown', (event) => {
    const step = steps.get(event.key)
    if (!step && event.key !== ' ' && event.key !== 'Enter') return
    event.preventDefault()
    const [x, y] = cursor ?? [0.5, 0.5]
    cursor = step ? [share(x + step[0]), share(y + step[1])] : [x, y]
    if (!step) begin(placeBefore(edits, pixels, x, y))
    showCursor()
  })
  stage.addEventListener('blur', () => {
    cursor = undefined
    showCursor()
  })

  byId('live').hidden = false
  start(madeUp)
}
