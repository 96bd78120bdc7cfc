/** A model card as Markdown and as one HTML file; names and values of the data are never markup in either. */
import type { Card, CardBlock } from './card.ts'

/** Text inside Markdown: nothing in it is markup, nothing in it starts a line. */
const markdown = (value: string): string => value.replace(/[\\`*_{}[\]()<>#+\-.!|~=&:$"'@]/g, (mark) => (mark === '<' ? '&lt;' : mark === '>' ? '&gt;' : mark === '&' ? '&amp;' : /[.,:()'"=@$-]/.test(mark) ? mark : `\\${mark}`)).replace(/[\r\n\u2028\u2029\0]+/g, ' ')

export function cardMarkdown(card: Card): string {
  const block = (item: CardBlock): string => {
    switch (item.kind) {
      case 'text':
        return safeStart(markdown(item.text))
      case 'gap':
        return `> **${markdown(item.text)}**`
      case 'list':
        return item.items.map((entry) => `- ${safeStart(markdown(entry))}`).join('\n')
      case 'table': {
        const line = (cells: readonly string[]): string => `| ${cells.map(markdown).join(' | ')} |`
        return [line(item.header), `|${' --- |'.repeat(item.header.length)}`, ...item.rows.map(line)].join('\n')
      }
    }
  }
  return [`# ${markdown(card.title)}`, ...card.sections.flatMap((section) => [`## ${section.title}`, ...section.blocks.map(block)])].join('\n\n') + '\n'
}
/** A line that would begin a list, a rule or a number is held back by an invisible mark. */
const safeStart = (line: string): string => (/^(\s*[-=]|\s*\d+\.|\s)/.test(line) ? `&#8203;${line}` : line)

const html = (value: string): string => value.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`).replaceAll('\0', '\ufffd')

/** One file without a script, a style sheet from elsewhere, or a link: it opens anywhere and fetches nothing. */
export function cardHtml(card: Card): string {
  const block = (item: CardBlock): string => {
    switch (item.kind) {
      case 'text':
        return `<p>${html(item.text)}</p>`
      case 'gap':
        return `<p class="gap">${html(item.text)}</p>`
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
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${html(card.title)}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere }
table { border-collapse: collapse; display: block; overflow-x: auto; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: 0.3rem 0.8rem; border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent) }
.gap { border-left: 4px solid #c2410c; padding-left: 0.8rem; font-weight: 600 }
</style>
</head>
<body>
<h1>${html(card.title)}</h1>
${body}
</body>
</html>
`
}
