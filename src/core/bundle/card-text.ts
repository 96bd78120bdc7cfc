/** A model card as Markdown and as one HTML file; names and values of the data are never markup in either. */
import { escapeHtml as html } from '../html.ts'
import type { Card, CardBlock } from './card.ts'

/** Text inside Markdown: nothing in it is markup, nothing in it starts a line. */
const markdown = (value: string): string => value.replace(/[\\`*_{}[\]()<>#+\-.!|~=&:$"'@]/g, (mark) => (mark === '<' ? '&lt;' : mark === '>' ? '&gt;' : mark === '&' ? '&amp;' : /[.,:()'"=@$-]/.test(mark) ? mark : `\\${mark}`)).replace(/[\r\n\u2028\u2029\0]+/g, ' ')

export function cardMarkdown(card: Card): string {
  const block = (item: CardBlock): string => {
    switch (item.kind) {
      case 'text':
        return safeStart(markdown(item.text))
      case 'gap':
      case 'warning':
        return `> **${item.kind === 'warning' ? 'Warning: ' : ''}${markdown(item.text)}**`
      case 'list':
        return item.items.map((entry) => `- ${safeStart(markdown(entry))}`).join('\n')
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
const safeStart = (line: string): string => (/^(\s*[-=]|\s*\d+\.|\s)/.test(line) ? `&#8203;${line}` : line)

/** The model inside the card, or why it is not. */
export type LiveModel =
  | {
      /** Whole text of the one script, safe inside its element. */
      readonly script: string
      /** Its name in a content policy: sha256-... */
      readonly hash: string
      readonly holdsRows: boolean
      /** Columns without a control. */
      readonly hidden: number
    }
  | { readonly missing: string }

function liveSection(live: LiveModel | undefined): string {
  if (live === undefined) return ''
  if ('missing' in live) return `<section><h2>Try the model</h2><p class="gap">Gap: the model is not in this page (${html(live.missing)}). The server of the bundle answers instead.</p></section>`
  return `<section><h2>Try the model</h2>
<p>The model itself is in this page, as a program that your browser runs: nothing leaves this device. It begins with a typical row, put together from medians and the most frequent values of the training rows; it is nobody's.${live.hidden > 0 ? ` ${live.hidden} further columns stay as they are there.` : ''}</p>
${live.holdsRows ? '<p class="warning">This page contains rows of the training data.</p>\n' : ''}<noscript><p class="gap">Scripts are switched off here, so the model cannot be asked.</p></noscript>
<div id="live" hidden>
<div id="controls"></div>
<div id="told"><p id="answer" role="status"></p><div id="bars"></div>
<figure id="curve"><svg viewBox="-6 -6 312 112" preserveAspectRatio="none" aria-hidden="true"><polyline id="line" fill="none" stroke="currentColor" stroke-width="2" vector-effect="non-scaling-stroke"/><circle id="now" r="5" fill="#c2410c"/></svg><figcaption id="caption"></figcaption></figure>
<button type="button" id="reset">Back to the typical row</button></div>
</div></section>`
}

/**
 * One file that opens anywhere and fetches nothing: no link, no style sheet from elsewhere, and at most one script,
 * which its own content policy lets run by its hash alone.
 */
export function cardHtml(card: Card, live?: LiveModel): string {
  const block = (item: CardBlock): string => {
    switch (item.kind) {
      case 'text':
        return `<p>${html(item.text)}</p>`
      case 'gap':
        return `<p class="gap">${html(item.text)}</p>`
      case 'warning':
        return `<p class="warning" role="alert">${html(item.text)}</p>`
      case 'list':
        return `<ul>${item.items.map((entry) => `<li>${html(entry)}</li>`).join('')}</ul>`
      case 'table': {
        const row = (cells: readonly string[], tag: 'td' | 'th'): string => `<tr>${cells.map((cell) => `<${tag}>${html(cell)}</${tag}>`).join('')}</tr>`
        return `<table><thead>${row(item.header, 'th')}</thead><tbody>${item.rows.map((cells) => row(cells, 'td')).join('')}</tbody></table>`
      }
    }
  }
  const body = card.sections.map((section) => `<section><h2>${html(section.title)}</h2>${section.blocks.map(block).join('\n')}</section>`).join('\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'${live && 'hash' in live ? `; script-src '${live.hash}'` : ''}; base-uri 'none'; form-action 'none'">
<title>${html(card.title)}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere }
table { border-collapse: collapse; display: block; overflow-x: auto; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: 0.3rem 0.8rem; border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent) }
td:first-child { min-width: 7.5rem }
.gap { border-left: 4px solid #c2410c; padding-left: 0.8rem; font-weight: 600 }
.warning { border: 3px solid #dc2626; padding: 0.8rem; font-weight: 700 }
#live:not([hidden]) { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1.5rem 3rem; align-items: start }
#controls { display: grid; gap: 0.9rem; max-height: 40rem; overflow: auto; padding: 0.3rem }
.control { display: grid; grid-template-columns: minmax(0, 1fr) 9rem; gap: 0.2rem 0.8rem; align-items: center }
.control > label:first-child { grid-column: 1 / -1; font-weight: 600 }
.control select { grid-column: 1 / -1 }
.control input, .control select { font: inherit; min-width: 0; width: 100%; box-sizing: border-box }
.control .missing { grid-column: 1 / -1 }
.control .missing input { width: auto }
#told { position: sticky; top: 1rem; display: grid; gap: 0.8rem }
#answer { font-size: 1.4rem; font-weight: 700; margin: 0 }
#bars { display: grid; gap: 0.3rem }
.bar { display: grid; grid-template-columns: minmax(5rem, 10rem) minmax(0, 1fr) 5rem; gap: 0.8rem; align-items: center }
.bar button { font: inherit; text-align: left; padding: 0.2rem 0.5rem }
.bar button[aria-pressed=true] { font-weight: 700 }
.bar meter { width: 100% }
.bar output { text-align: right; font-variant-numeric: tabular-nums }
#curve { margin: 0 }
#curve svg { width: 100%; height: 10rem; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); overflow: visible }
#reset { font: inherit; justify-self: start }
</style>
</head>
<body>
<h1>${html(card.title)}</h1>
${liveSection(live)}
${body}
${live && 'script' in live ? `<script>${live.script}</script>\n` : ''}</body>
</html>
`
}
