/** Which column of dates is the moment of a row, where nobody named one: dates of birth are no moments, and look like them. */
import { type Column, isValid } from '../data/column.ts'
import { ranksOf } from '../data/leaks.ts'

const mostRows = 5000
/** Of Spearman's rank correlation with the order of the rows, in size. Rows in no order at all reach it by chance once in 2,000 files of 50 rows. */
const enough = 0.5

/** Whether dates rise or fall with the order of the rows, as those of a log or an export do. One date for all of them counts: a day's batch. */
export function followsRows(column: Column): boolean {
  if (column.kind !== 'datetime') return false
  const every = Math.max(1, Math.ceil(column.length / mostRows))
  const rows: number[] = []
  for (let row = 0; row < column.length; row += every) if (isValid(column, row)) rows.push(row)
  const ranks = ranksOf(Float64Array.from(rows, (row) => column.seconds[row] as number))
  const middle = (rows.length + 1) / 2
  let [together, ofPlaces, ofRanks] = [0, 0, 0]
  ranks.forEach((rank, i) => {
    together += (i + 1 - middle) * (rank - middle)
    ofPlaces += (i + 1 - middle) ** 2
    ofRanks += (rank - middle) ** 2
  })
  return ofRanks === 0 ? rows.length > 0 : Math.abs(together) >= enough * Math.sqrt(ofPlaces * ofRanks)
}
