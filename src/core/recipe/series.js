/** From dataset columns to the series that steps work on, at chosen rows. */
import { isValid } from '../data/column.ts';
/** @param rows row numbers into the column; default all */
export function seriesOf(column, rows) {
    const length = rows?.length ?? column.length;
    const rowAt = (i) => (rows ? rows[i] : i);
    const base = { name: column.name, source: column.name };
    switch (column.kind) {
        case 'numeric':
        case 'boolean': {
            const values = new Float32Array(length);
            for (let i = 0; i < length; i++)
                values[i] = isValid(column, rowAt(i)) ? column.values[rowAt(i)] : Number.NaN;
            return { ...base, kind: column.kind, values };
        }
        case 'categorical': {
            const codes = new Int32Array(length);
            for (let i = 0; i < length; i++)
                codes[i] = isValid(column, rowAt(i)) ? column.codes[rowAt(i)] : -1;
            return { ...base, kind: 'categorical', codes, dictionary: column.dictionary };
        }
        case 'datetime': {
            const seconds = new Float64Array(length);
            for (let i = 0; i < length; i++)
                seconds[i] = isValid(column, rowAt(i)) ? column.seconds[rowAt(i)] : Number.NaN;
            return { ...base, kind: 'datetime', seconds };
        }
        case 'text':
        case 'id':
            return { ...base, kind: column.kind, length };
    }
}
/** How many values of a series are missing; opaque series count none. */
export function missingIn(series) {
    let missing = 0;
    if (series.kind === 'categorical')
        for (const code of series.codes)
            missing += code < 0 ? 1 : 0;
    else if (series.kind === 'datetime')
        for (const value of series.seconds)
            missing += Number.isNaN(value) ? 1 : 0;
    else if (series.kind === 'numeric' || series.kind === 'boolean')
        for (const value of series.values)
            missing += Number.isNaN(value) ? 1 : 0;
    return missing;
}
export function seriesLength(series) {
    switch (series.kind) {
        case 'numeric':
        case 'boolean':
            return series.values.length;
        case 'categorical':
            return series.codes.length;
        case 'datetime':
            return series.seconds.length;
        case 'text':
        case 'id':
            return series.length;
    }
}
