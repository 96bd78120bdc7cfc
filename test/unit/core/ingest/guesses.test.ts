/** Dialect and kinds, each with the reason a person reads. */
import { describe, expect, it } from 'vitest'
import { guessDialect, headerNames } from '../../../../src/core/ingest/csv/dialect.ts'
import { datetimeLayouts, parseDatetime } from '../../../../src/core/ingest/datetime.ts'
import { previewTable } from '../../../../src/core/ingest/preview.ts'
import { bytesSource, watch } from '../../../../src/core/ingest/source.ts'
import type { IngestChoices, IngestPreview } from '../../../../src/core/ingest/options.ts'

const preview = (text: string, choices: IngestChoices = {}): Promise<IngestPreview> => previewTable(watch(bytesSource(new TextEncoder().encode(text))), choices)
const column = (values: readonly (string | number)[], name = 'v'): Promise<{ value: string; reason: string; confidence: number }> =>
  preview(`${name},other\n${values.map((value) => `${value},x`).join('\n')}\n`, { options: { header: true, delimiter: ',' } }).then(({ columns }) => columns[0]?.kind as { value: string; reason: string; confidence: number })
const range = (n: number, make: (i: number) => string | number): (string | number)[] => Array.from({ length: n }, (_, i) => make(i))

describe('dialect', () => {
  const dialect = (text: string): Record<string, unknown> => {
    const guesses = guessDialect(new TextEncoder().encode(text), true, {})
    return Object.fromEntries(Object.entries(guesses).map(([name, guess]) => [name, guess.value]))
  }
  it.each([
    ['a,b\n1,2\n', { delimiter: ',', quote: '"', decimal: '.', header: true }],
    ['a;b\n1,5;2\n2,5;3\n', { delimiter: ';', quote: '"', decimal: ',', header: true }],
    [`a;b;c\n${'1,5;2,5;3,25\n'.repeat(600)}`, { delimiter: ';', quote: '"', decimal: ',', header: true }],
    ['a\tb\n1.5\t2\n', { delimiter: '\t', quote: '"', decimal: '.', header: true }],
    ['a|b\nx,y|2\n', { delimiter: '|', quote: '"', decimal: '.', header: true }],
    ["a,b\n'x,1','y'\n'z,2','w'\n", { delimiter: ',', quote: "'", decimal: '.', header: true }],
    ['name,"a;b;c"\n"x;y;z",1\n"p;q;r",2\n', { delimiter: ',', quote: '"', decimal: '.', header: true }],
    ['1,2\n3,4\n', { delimiter: ',', quote: '"', decimal: '.', header: false }],
    ['red,small\nblue,large\nred,large\nblue,small\nred,small\n', { delimiter: ',', quote: '"', decimal: '.', header: false }],
    ['alone\n1\n2\n', { delimiter: ',', quote: '"', decimal: '.', header: true }],
    ['a,b\n2020-01-01,x\n', { delimiter: ',', quote: '"', decimal: '.', header: true }],
  ])('%j', (text, wanted) => {
    expect(dialect(text)).toEqual(wanted)
  })
  it('gives names to nameless and repeated columns', () => {
    expect(headerNames(['a', '', 'a', ' a ', 'a_2', '__proto__', '__proto__'])).toEqual({
      names: ['a', 'column_2', 'a_3', 'a_4', 'a_2', '__proto__', '__proto___2'],
      notes: [
        'Column 2 has no name and is called column_2.',
        'The name "a" comes again; column 3 is called "a_3".',
        'The name "a" comes again; column 4 is called "a_4".',
        'The name "__proto__" comes again; column 7 is called "__proto___2".',
      ],
    })
  })
})

describe('kinds', () => {
  it.each([
    ['numbers', range(30, (i) => i / 3), 'numeric', /^Every value is a number/],
    ['numbers with gaps', ['1', '', 'NA', '2.5'], 'numeric', /^Every value is a number/],
    ['exponents and signs', ['+1', '-2e5', '.5', '5.'], 'numeric', /./],
    ['codes with leading zeros', range(30, (i) => `00${i % 7}`), 'categorical', /"000" on line 2/],
    ['unique codes with leading zeros', range(30, (i) => `0${1000 + i}`), 'id', /leading zeros/],
    ['zero itself', ['0', '0.5', '10', '0'], 'numeric', /./],
    ['0 and 1', ['0', '1', '1', ''], 'boolean', /"0" or "1"/],
    ['only ones', ['1', '1'], 'numeric', /./],
    ['yes and no', ['Yes', 'no', 'YES'], 'boolean', /"no" or "Yes"/],
    ['words', range(100, (i) => ['red', 'green'][i % 2] as string), 'categorical', /^2 different values in 100 rows/],
    ['sentences', range(100, (i) => `this is the remark with the number ${i} of them all`), 'text', /Sentences|too many/],
    ['unique names of rows', range(30, (i) => `row-${i}`), 'id', /No two rows/],
    ['nothing', ['', 'NA', ''], 'text', /^Every value is missing/],
    ['ISO days', ['2020-01-31', '2021-12-01'], 'datetime', /yyyy-MM-dd/],
    ['ISO moments with zone', ['2020-01-31T10:00:00Z', '2021-12-01T10:00:00+02:00'], 'datetime', /yyyy-MM-ddTHH:mm:ssZ/],
    ['day first by proof', ['01/02/2020', '13/02/2020'], 'datetime', /dd\/MM\/yyyy.*day comes first: "13\/02\/2020" on line 3/],
    ['month first by proof', ['02/01/2020', '02/13/2020'], 'datetime', /MM\/dd\/yyyy.*month comes first: "02\/13\/2020" on line 3/],
    ['day first by order', ['11/01/2020', '12/01/2020', '01/02/2020', '02/02/2020'], 'datetime', /dd\/MM\/yyyy.*day first the rows are in order/],
    ['neither', ['05/05/2020', '06/06/2020'], 'datetime', /swapped in every row/],
    ['German days', ['1.2.2020', '24.12.2020'], 'datetime', /dd.MM.yyyy/],
    ['days that do not exist', ['2020-02-30', '2020-02-31'], 'categorical', /./],
  ])('%s', async (_, values, kind, reason) => {
    const guess = await column(values)
    expect(guess.value).toBe(kind)
    expect(guess.reason).toMatch(reason)
  })
  it('counts whole numbers as an id only under such a name or none', async () => {
    expect((await column(range(30, (i) => 1000 - i), 'customer_id')).value).toBe('id')
    expect((await column(range(30, (i) => i), 'price')).value).toBe('numeric')
    expect((await column(range(30, (i) => i), '')).value).toBe('id')
  })
  it('quotes the first misfit, and takes 99 % for all', async () => {
    const few = await column(['1', '2', 'three', '4'])
    expect(few).toMatchObject({ value: 'categorical', reason: '4 different values in 4 rows. Not numeric: "three" on line 4.' })
    const many = await column(range(200, (i) => (i === 150 ? 'oops' : i)))
    expect(many.value).toBe('numeric')
    expect(many.reason).toMatch(/^199 values of 200 are numbers; 1 row such as "oops" on line 152/)
  })
  it('does as a person says', async () => {
    const { columns } = await preview('a,b\n1,2\n', { kinds: [{ column: 'b', kind: 'text' }] })
    expect(columns.map((entry) => entry.kind.value)).toEqual(['numeric', 'text'])
    const { columns: custom } = await preview('a\n-999\n5\n', { options: { missing: ['-999'] } })
    expect(custom[0]?.kind.value).toBe('numeric')
  })
})

describe('a number among dates', () => {
  it('is a moment in no layout but that of digits alone', () => {
    const numbers = ['2021', '20210304', '1.2', '12.05', '31.12', '2021.03', '1234567.25', '-5', '+05', '1e5', '1.5e-3', '2021e-03', '.5', '5.', '007', '010203', '2,5', '12,2021']
    for (const layout of datetimeLayouts) expect(numbers.filter((text) => !Number.isNaN(parseDatetime(layout, text))), layout).toEqual(layout === 'yyyyMMdd' ? ['20210304'] : [])
  })
  it('does not keep dates from being read, nor what settles day against month from being named', async () => {
    const days = range(300, (i) => (i === 3 || i === 4 ? 12345 : `${String((i % 28) + 1).padStart(2, '0')}/05/2021`))
    expect(await column(days)).toMatchObject({ value: 'datetime', reason: expect.stringContaining('"13/05/2021" on line 14 allows nothing else') })
    expect(await column(range(40, (i) => 20210301 + (i % 28)), 'day')).toMatchObject({ value: 'datetime' })
  })
})
