/** A model card as Markdown and as one HTML file; names and values of the data are never markup in either. */
import { escapeHtml as html } from '../html.ts'
import type { Card, CardBlock } from './card.ts'
import { plotSvg } from './card-plot.ts'

/** Text inside Markdown: nothing in it is markup, nothing in it starts a line. */
const markdown = (value: string): string => value.replace(/[\\`*_{}[\]()<>#+\-.!|~=&:$"'@]/g, (mark) => (mark === '<' ? '&lt;' : mark === '>' ? '&gt;' : mark === '&' ? '&amp;' : /[.,:()'"=@$-]/.test(mark) ? mark : `\\${mark}`)).replace(/[\r\n\u2028\u2029\0]+/g, ' ')
/** What a person wrote, as they set it: empty lines part paragraphs, other breaks part lines. */
const paragraphs = (text: string): string[][] => text.replace(/\r\n|[\r\u2028\u2029]/g, '\n').split(/\n(?:[^\S\n]*\n)+/).map((part) => part.split('\n'))

export function cardMarkdown(card: Card): string {
  const block = (item: CardBlock): string => {
    switch (item.kind) {
      case 'text':
        // Two spaces end a line and begin the next in the same paragraph.
        return paragraphs(item.text).map((lines) => lines.map((line) => safeStart(markdown(line))).join('  \n')).join('\n\n')
      case 'gap':
      case 'warning':
        return `> **${item.kind === 'warning' ? 'Warning: ' : ''}${markdown(item.text)}**`
      case 'list':
        return item.items.map((entry) => `- ${safeStart(markdown(entry))}`).join('\n')
      case 'figure':
        return `${block({ kind: 'text', text: item.text })}\n\n${block({ kind: 'table', ...item.table })}`
      case 'table': {
        const line = (cells: readonly string[]): string => `| ${cells.map(markdown).join(' | ')} |`
        return [line(item.header), `|${' --- |'.repeat(item.header.length)}`, ...item.rows.map(line)].join('\n')
      }
    }
  }
  // JSON is YAML: text of the data cannot end a line or the block.
  const matter = card.matter.map(([key, value]) => `${key}: ${JSON.stringify(value).replace(/[\u0085\u2028\u2029]/g, ' ').replaceAll('<', '\\u003c')}`)
  return [['---', ...matter, '---'].join('\n'), `# ${markdown(card.title)}`, ...card.sections.flatMap((section) => [`## ${section.title}`, ...section.blocks.map(block)])].join('\n\n') + '\n'
}
/** A line that would begin a list, a rule or a number is held back by an invisible mark. */
const safeStart = (line: string): string => (/^(\s*[-=:]|\s*\d+[.)]|\s)/.test(line) ? `&#8203;${line}` : line)

/** The model inside the card, or why it is not. */
export type LiveModel = LivePage | { readonly kind: 'missing'; readonly reason: string }
export type LivePage = {
  /** Whole text of the one script, safe inside its element. */
  readonly script: string
  /** Its name in a content policy: sha256-... */
  readonly hash: string
  readonly holdsRows: boolean
  /** Columns without a control. */
  readonly hidden: number
} & (
  | { readonly kind: 'program' }
  | {
      readonly kind: 'graph'
      readonly pictures: boolean
      /** ONNX Runtime's WebAssembly and model.onnx, gzip in base64. */
      readonly data: { readonly runtime: string; readonly graph: string }
      /** SHA-256 of model.onnx. */
      readonly digest: string
    }
)

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
/** Where the model is, before what a reader may do with it. */
function aboutModel(live: LivePage): string {
  if (live.kind === 'program') return 'The model itself is in this page, as a program that your browser runs: nothing leaves this device.'
  const { runtime, graph } = live.data
  return `The model itself is in this page: the graph of the bundle (model.onnx, SHA-256 ${live.digest.slice(0, 16)}…) and ONNX Runtime to run it, packed into ${megabytes(runtime.length + graph.length)} of this file. They are unpacked when you ask for it; nothing is fetched and nothing leaves this device.`
}
const typicalRow = 'It begins with a typical row, put together from medians and the most frequent values of the training rows; it is nobody\u2019s.'
const madeUpPicture = 'It begins with a picture that nobody took and that is of no class, so its answer means nothing: open one of yours, or draw one. Your browser decodes it, as stored and upright; the graph brings it to size, as the server\u2019s does.'
const tableControls = `<div id="says"><p id="answer" role="status"></p><div id="bars"></div>
<p id="hint" hidden>A class name is a button: it draws the curve of that class.</p></div>
<div id="controls"></div>
<div id="more"><figure id="curve"><div id="plot"><div id="axis"><span id="high"></span><span id="cut" hidden></span><span id="low"></span></div>
<svg viewBox="0 0 300 100" preserveAspectRatio="none" aria-hidden="true"><line id="threshold" x1="0" x2="300" stroke="currentColor" stroke-dasharray="6 4" vector-effect="non-scaling-stroke"/><polyline id="line" fill="none" stroke-width="2.5" vector-effect="non-scaling-stroke"/><path id="now" stroke-linecap="round" vector-effect="non-scaling-stroke"/></svg></div><figcaption id="caption"></figcaption></figure>
<button type="button" id="reset">Back to the typical row</button></div>`
const pictureControls = `<div id="says" class="pictured"><div id="stage" role="application" tabindex="0" aria-label="The picture as it is edited: drag to paint over it, or move the brush with the arrow keys and paint with the space bar"><canvas id="picture" width="1" height="1"></canvas><span id="brush" hidden></span></div>
<div><p id="answer" role="status"></p><div id="bars"></div></div></div>
<div id="controls"></div>`

function liveSection(live: LiveModel | undefined): string {
  if (live === undefined) return ''
  if (live.kind === 'missing') return `<section><h2>Try the model</h2><p class="gap">Gap: the model is not in this page (${html(live.reason)}). The server of the bundle answers instead.</p></section>`
  const pictures = live.kind === 'graph' && live.pictures
  return `<section><h2>Try the model</h2>
<p>${aboutModel(live)} ${pictures ? madeUpPicture : typicalRow}${live.hidden > 0 ? ` ${live.hidden} further columns stay as they are there.` : ''}</p>
${live.holdsRows ? '<p class="warning">This page contains rows of the training data.</p>\n' : ''}<noscript><p class="gap">Scripts are switched off here, so the model cannot be asked.</p></noscript>
${live.kind === 'graph' ? '<button type="button" id="load" hidden>Load the model</button>\n<p id="loading" role="status"></p>\n' : ''}<div id="live" hidden>
${pictures ? pictureControls : tableControls}
</div></section>`
}
/** Bytes that the script unpacks. The text of such elements is nobody's program, so no policy has to let it run. */
const liveData = (live: LiveModel | undefined): string =>
  live?.kind === 'graph' ? `${Object.entries(live.data).map(([id, text]) => `<script type="text/plain" id="${id}">${text}</script>`).join('\n')}\n${runtimeLicence}\n` : ''
const runtimeLicence = `<details><summary>Licence of ONNX Runtime, which is in this page</summary>
<p>MIT License. Copyright (c) Microsoft Corporation.</p>
<p>Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:</p>
<p>The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.</p>
<p>THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.</p>
</details>`
/** Its own hash alone, and WebAssembly only where there is some; no eval, no network, no other file. */
const scriptPolicy = (live: LiveModel | undefined): string => (live === undefined || live.kind === 'missing' ? '' : `; script-src '${live.hash}'${live.kind === 'graph' ? " 'wasm-unsafe-eval'" : ''}`)

const isFigure = (cell: string): boolean => /^[−-]?\d[\d.,]*(×10\S+)?( ?%)?( to [−-]?\d\S*)?$/.test(cell)
/** How a column of a table is set: numbers under each other, what has no spaces broken where it must be. The first names the row. */
function columnKind(cells: readonly string[], c: number): string {
  const full = cells.filter((cell) => cell !== '' && !cell.startsWith('undefined'))
  if (c > 0 && full.filter(isFigure).length * 2 > full.length) return ' class="figure"'
  return full.some((cell) => /\S{30}/.test(cell)) ? ' class="long"' : ''
}

/**
 * One file that opens anywhere and fetches nothing: no link, no style sheet from elsewhere, and at most one script,
 * which its own content policy lets run by its hash alone.
 */
export function cardHtml(card: Card, live?: LiveModel): string {
  const block = (item: CardBlock): string => {
    switch (item.kind) {
      case 'text':
        return paragraphs(item.text).map((lines) => `<p>${lines.map(html).join('<br>')}</p>`).join('\n')
      case 'gap':
        return `<p class="gap">${html(item.text)}</p>`
      case 'warning':
        return `<p class="warning" role="alert">${html(item.text)}</p>`
      case 'list':
        return `<ul>${item.items.map((entry) => `<li>${html(entry)}</li>`).join('')}</ul>`
      case 'figure': {
        const table = block({ kind: 'table', ...item.table })
        return `<figure><figcaption>${html(item.text)}</figcaption>${item.plot ? `${plotSvg(item.plot, item.title, item.text)}<details><summary>${html(item.title)} as a table</summary>${table}</details>` : table}</figure>`
      }
      case 'table': {
        const kinds = item.header.map((_, c) => columnKind(item.rows.map((cells) => cells[c] ?? ''), c))
        const row = (cells: readonly string[], tag: 'td' | 'th'): string => `<tr>${cells.map((cell, c) => `<${tag}${kinds[c] ?? ''}>${html(cell)}</${tag}>`).join('')}</tr>`
        // It scrolls in its own box, by keyboard too.
        return `<div class="scroll" role="group" tabindex="0" aria-label="${html(`Table: ${item.header.join(', ')}`)}"><table><thead>${row(item.header, 'th')}</thead><tbody>${item.rows.map((cells) => row(cells, 'td')).join('')}</tbody></table></div>`
      }
    }
  }
  const body = card.sections.map((section) => `<section><h2>${html(section.title)}</h2>${section.blocks.map(block).join('\n')}</section>`).join('\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'${scriptPolicy(live)}; base-uri 'none'; form-action 'none'">
<title>${html(card.title)}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere }
.scroll { overflow-x: auto; margin: 1rem 0 }
table { border-collapse: collapse; overflow-wrap: normal; font-variant-numeric: tabular-nums }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.8rem; border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent) }
td:first-child { min-width: 7.5rem }
.figure { text-align: right; white-space: nowrap }
.long { overflow-wrap: anywhere; min-width: 12rem }
.gap { border-left: 4px solid #c2410c; padding-left: 0.8rem; font-weight: 600 }
figure { margin: 1.5rem 0 }
figcaption { margin-bottom: 0.5rem }
.warning { border: 3px solid #dc2626; padding: 0.8rem; font-weight: 700 }
:root { --curve: #1d4ed8 }
@media (prefers-color-scheme: dark) { :root { --curve: #93c5fd } }
#live:not([hidden]) { display: grid; grid-template: auto 1fr / minmax(0, 1fr) minmax(0, 1fr); gap: 1.2rem 3rem }
#controls { grid-area: 1 / 2 / span 2; display: grid; align-content: start; gap: 0.9rem; max-height: min(40rem, 85vh); overflow: auto; padding: 0.3rem }
.control { display: grid; grid-template-columns: minmax(0, 1fr) 9rem; gap: 0.2rem 0.8rem; align-items: center }
.control > label:first-child, .control select, .control input[type=file], .control .missing, .control .note { grid-column: 1 / -1 }
.control > label:first-child { font-weight: 600 }
.control input, .control select { font: inherit; min-width: 0; width: 100%; box-sizing: border-box }
.control .missing input { width: auto }
.note { margin: 0; font-size: 0.9rem }
.note:not(:empty) { border-left: 4px solid #c2410c; padding-left: 0.5rem }
#says, #more { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.6rem; align-content: start }
#answer { font-size: 1.4rem; font-weight: 700; margin: 0 }
#bars { display: grid; gap: 0.3rem; max-height: 20rem; overflow: auto; padding: 2px }
.bar { display: grid; grid-template-columns: minmax(5rem, 10rem) minmax(0, 1fr) 6rem; gap: 0.8rem; align-items: center }
.bar.answered { font-weight: 700 }
.bar button { font: inherit; text-align: left; min-height: 1.6rem; padding: 0.1rem 0.5rem; border: 2px solid transparent; border-radius: 4px; color: inherit; background: color-mix(in srgb, currentColor 12%, transparent); cursor: pointer }
.bar button[aria-pressed=true] { border-color: var(--curve) }
.bar meter { width: 100% }
.bar output { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
#hint { margin: 0; font-size: 0.9rem }
#curve { margin: 0 }
#plot { display: flex; gap: 0.5rem; height: 10rem }
#axis { position: relative; display: flex; flex-direction: column; justify-content: space-between; text-align: right; min-width: 2.5rem; line-height: 1; font-size: 0.9rem; font-variant-numeric: tabular-nums }
#cut { position: absolute; right: 0; transform: translateY(-50%) }
#plot svg { flex: 1; width: 0; height: 100%; box-sizing: border-box; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); overflow: visible }
#line { stroke: var(--curve) }
#threshold { stroke-opacity: 0.6 }
#now { stroke: #c2410c; stroke-width: 11 }
#caption { font-size: 0.9rem; margin-top: 0.4rem }
#reset, #load, .buttons button { font: inherit; justify-self: start; padding: 0.3rem 0.8rem }
.buttons { display: flex; flex-wrap: wrap; gap: 0.6rem }
#stage { position: relative; overflow: hidden; place-self: start; box-sizing: border-box; width: min(100%, 22rem, 18rem * var(--shape, 1)); line-height: 0; border: 1px solid color-mix(in srgb, currentColor 40%, transparent) }
#picture { width: 100%; height: auto; image-rendering: pixelated; touch-action: none; cursor: crosshair }
#brush { position: absolute; aspect-ratio: 1; border: 2px solid #fff; border-radius: 50%; box-shadow: 0 0 0 1px #000; transform: translate(-50%, -50%); pointer-events: none }
@media (max-width: 45rem) {
  #live:not([hidden]) { display: block }
  #says { position: sticky; top: 0; z-index: 1; gap: 0.2rem; max-height: 40vh; overflow: hidden; grid-template-rows: auto minmax(0, 1fr); margin: 0 -1rem; padding: 0.5rem 1rem; background: Canvas; border-bottom: 1px solid color-mix(in srgb, currentColor 40%, transparent); box-sizing: border-box }
  #says.pictured { grid-template: minmax(0, 1fr) / auto minmax(0, 1fr); gap: 0.8rem }
  .pictured > div:last-child { display: grid; grid-template-rows: auto minmax(0, 1fr); max-height: calc(40vh - 1rem - 1px) }
  .pictured .bar { grid-template-columns: minmax(0, 1fr) auto; gap: 0 0.4rem }
  .pictured .bar meter { grid-area: 2 / 1 / 3 / 3 }
  #answer { font-size: 1.1rem }
  #bars { gap: 0.1rem }
  #hint { font-size: 0.8rem }
  #stage { width: min(42vw, (40vh - 2rem) * var(--shape, 1)) }
  #controls { max-height: none; overflow: visible; padding: 1rem 0 }
  /* What has the focus is not under the answer. */
  #controls :is(input, select, button) { scroll-margin-top: 45vh }
}
</style>
</head>
<body>
<main>
<h1>${html(card.title)}</h1>
${liveSection(live)}
${body}
</main>
${liveData(live)}${live && 'script' in live ? `<script>${live.script}</script>\n` : ''}</body>
</html>
`
}
