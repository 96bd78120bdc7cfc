// The model of this card, asked by hand. `model`, `prepare` and `predict` stand above; nothing is fetched and nothing is kept.
const byId = (id) => document.getElementById(id)
const make = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties)
  node.append(...children)
  return node
}
const raised = (digits) => [...digits.replace('+', '')].map((digit) => (digit === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[digit])).join('')
const write = (value) => {
  const size = Math.abs(value)
  if (size === 0 || (size >= 1e-4 && size < 1e15)) return String(Number(value.toPrecision(4)))
  const [digits, power] = value.toExponential(3).split('e')
  return `${Number(digits)}×10${raised(power)}`
}
const cells = [...model.start]
const isNumber = (input) => input.kind === 'numeric' || input.kind === 'datetime'
const day = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16)
/** What the model answers: a value, or a probability for each class. */
const ask = (row) => predict(prepare(row))
/** The one number that a curve shows: the value, or the probability of a class. */
const heightOf = (answer, of) => (model.classes.length === 0 ? answer : answer[of])

let along = model.inputs.findIndex((input) => isNumber(input) && input.min < input.max)
let shownClass = model.classes.length === 2 ? 1 : 0

function control(input, i) {
  const id = `input-${i}`
  const box = make('div', { className: 'control' })
  const label = make('label', { htmlFor: id, textContent: input.name })
  const set = (cell) => {
    cells[i] = cell
    if (isNumber(input) && input.min < input.max) along = i
    show()
  }
  if (isNumber(input)) {
    const low = input.min ?? 0
    const high = input.max ?? 1
    const room = (high - low) * 0.1
    const step = input.integer || input.kind === 'datetime' ? 1 : 'any'
    const slider = make('input', { type: 'range', id, step })
    // Before its value: a slider cuts values to the ends that it has.
    slider.min = low - (input.integer ? Math.ceil(room) : room)
    slider.max = high + (input.integer ? Math.ceil(room) : room)
    slider.value = cells[i] ?? low
    const text = input.kind === 'datetime' ? make('input', { type: 'datetime-local', value: day(cells[i] ?? low) }) : make('input', { type: 'number', step: 'any', value: cells[i] ?? '' })
    text.setAttribute('aria-label', `${input.name}, exact`)
    slider.addEventListener('input', () => {
      const value = input.kind === 'datetime' ? Math.round(slider.valueAsNumber) : input.integer ? Math.round(slider.valueAsNumber) : slider.valueAsNumber
      text.value = input.kind === 'datetime' ? day(value) : String(Number(value.toPrecision(7)))
      if (missing) missing.checked = false
      set(input.kind === 'datetime' ? value : Number(text.value))
    })
    text.addEventListener('input', () => {
      const value = input.kind === 'datetime' ? Date.parse(`${text.value}Z`) / 1000 : text.valueAsNumber
      if (!Number.isFinite(value)) return
      slider.value = value
      if (missing) missing.checked = false
      set(value)
    })
    let missing
    box.append(label, slider, text)
    if (input.nullable) {
      missing = make('input', { type: 'checkbox', checked: cells[i] === null })
      missing.addEventListener('change', () => set(missing.checked ? null : input.kind === 'datetime' ? Date.parse(`${text.value}Z`) / 1000 : text.valueAsNumber || 0))
      box.append(make('label', { className: 'missing' }, missing, ' missing'))
    }
    return box
  }
  const options = input.kind === 'boolean' ? [[false, input.labels?.[0] ?? 'false'], [true, input.labels?.[1] ?? 'true']] : [...(input.categories ?? []).map((name) => [name, name]), [unseen, '(never seen in training)']]
  if (input.nullable) options.push([null, '(missing)'])
  const select = make('select', { id }, ...options.map(([, text]) => make('option', { textContent: text })))
  select.selectedIndex = Math.max(0, options.findIndex(([value]) => value === cells[i]))
  select.addEventListener('change', () => set(options[select.selectedIndex][0]))
  box.append(label, select)
  return box
}

function show() {
  const answer = ask(cells)
  if (model.classes.length === 0) byId('answer').textContent = `${model.target}: ${write(answer)}`
  else {
    const best = model.classes.length === 2 ? (answer[1] >= model.threshold ? 1 : 0) : answer.indexOf(Math.max(...answer))
    byId('answer').textContent = `${model.target}: ${model.classes[best]}`
    byId('bars').replaceChildren(
      ...model.classes.map((name, c) => {
        const bar = make('meter', { min: 0, max: 1, value: answer[c] })
        const pick = make('button', { type: 'button', textContent: name, title: 'Draw the curve of this class' })
        pick.setAttribute('aria-pressed', String(c === shownClass))
        pick.addEventListener('click', () => {
          shownClass = c
          show()
        })
        bar.setAttribute('aria-label', `probability of ${name}`)
        return make('div', { className: 'bar' }, pick, bar, make('output', { textContent: write(answer[c]) }))
      }),
    )
  }
  curve()
}

/** How the answer moves with the number that was moved last, all else as it is. */
function curve() {
  const input = model.inputs[along]
  byId('curve').hidden = input === undefined
  if (input === undefined) return
  const steps = 60
  const points = Array.from({ length: steps + 1 }, (_, s) => {
    const row = [...cells]
    const value = input.min + ((input.max - input.min) * s) / steps
    row[along] = input.kind === 'datetime' ? Math.round(value) : value
    return heightOf(ask(row), shownClass)
  })
  let low = 0
  let high = 1
  if (model.classes.length === 0) {
    low = Math.min(...points)
    high = Math.max(...points)
    if (!(high > low)) [low, high] = [low - 1, high + 1]
  }
  const x = (value) => 300 * Math.min(1, Math.max(0, (value - input.min) / (input.max - input.min)))
  const y = (value) => 100 - (100 * (value - low)) / (high - low)
  byId('line').setAttribute('points', points.map((value, s) => `${((300 * s) / steps).toFixed(2)},${y(value).toFixed(2)}`).join(' '))
  const own = cells[along]
  byId('now').setAttribute('visibility', own === null ? 'hidden' : 'visible')
  if (own !== null) {
    byId('now').setAttribute('cx', x(own).toFixed(2))
    byId('now').setAttribute('cy', y(heightOf(ask(cells), shownClass)).toFixed(2))
  }
  const of = model.classes.length === 0 ? model.target : `probability of ${model.classes[shownClass]}`
  const end = (value) => (input.kind === 'datetime' ? day(value).slice(0, 10) : write(value))
  byId('caption').textContent = `${of} as ${input.name} goes from ${end(input.min)} to ${end(input.max)}, all else as set; the height goes from ${write(low)} to ${write(high)}`
}

const unseen = ' never seen in training'
byId('controls').append(...model.inputs.slice(0, model.shown).map(control))
byId('reset').addEventListener('click', () => {
  cells.splice(0, cells.length, ...model.start)
  byId('controls').replaceChildren(...model.inputs.slice(0, model.shown).map(control))
  show()
})
byId('live').hidden = false
show()
