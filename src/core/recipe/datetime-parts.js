/** Takes a moment apart into numbers a model can use: year, month, weekday, hour, all in UTC. */
import { StudioError } from '../errors.ts';
const flag = (label, help, on = true) => ({ kind: 'boolean', default: on, label, help });
const params = {
    year: flag('Year', 'The calendar year.'),
    month: flag('Month', '1 to 12.'),
    weekday: flag('Weekday', '0 is Monday, 6 is Sunday.'),
    hour: flag('Hour', '0 to 23, UTC.'),
};
const order = ['year', 'month', 'weekday', 'hour'];
const mod = (a, n) => a - n * Math.floor(a / n);
const div = (a, n) => Math.floor(a / n);
/**
 * Proleptic Gregorian calendar from days since 1970-01-01, counting years from 1 March so that the leap
 * day is the last (the well-known "civil from days" arithmetic of H. Hinnant).
 */
function partOf(seconds, part) {
    const days = div(seconds, 86400);
    if (part === 'hour')
        return div(mod(seconds, 86400), 3600);
    if (part === 'weekday')
        return mod(days + 3, 7);
    const shifted = days + 719468;
    const dayOfEra = mod(shifted, 146097);
    const yearOfEra = div(dayOfEra - div(dayOfEra, 1460) + div(dayOfEra, 36524) - div(dayOfEra, 146096), 365);
    const dayOfYear = dayOfEra - (365 * yearOfEra + div(yearOfEra, 4) - div(yearOfEra, 100));
    const marchMonth = div(5 * dayOfYear + 2, 153);
    const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
    if (part === 'month')
        return month;
    return yearOfEra + 400 * div(shifted, 146097) + (month <= 2 ? 1 : 0);
}
/** The same arithmetic as int64 nodes; Mod takes the sign of the divisor, Div only ever sees exact or positive numbers. */
function partNodes(seconds, part, graph) {
    const number = (value) => graph.ints('n', [value]);
    const modulo = (a, n) => graph.node('Mod', [a, number(n)]);
    const quotient = (a, n) => graph.node('Div', [graph.node('Sub', [a, modulo(a, n)]), number(n)]);
    const plus = (a, b) => graph.node('Add', [a, b]);
    const minus = (a, b) => graph.node('Sub', [a, b]);
    const times = (a, n) => graph.node('Mul', [a, number(n)]);
    const days = quotient(seconds, 86400);
    if (part === 'hour')
        return quotient(modulo(seconds, 86400), 3600);
    if (part === 'weekday')
        return modulo(plus(days, number(3)), 7);
    const shifted = plus(days, number(719468));
    const dayOfEra = modulo(shifted, 146097);
    const yearOfEra = quotient(minus(plus(minus(dayOfEra, quotient(dayOfEra, 1460)), quotient(dayOfEra, 36524)), quotient(dayOfEra, 146096)), 365);
    const dayOfYear = minus(dayOfEra, minus(plus(times(yearOfEra, 365), quotient(yearOfEra, 4)), quotient(yearOfEra, 100)));
    const marchMonth = quotient(plus(times(dayOfYear, 5), number(2)), 153);
    const early = graph.node('Less', [marchMonth, number(10)]);
    const month = graph.node('Where', [early, plus(marchMonth, number(3)), minus(marchMonth, number(9))]);
    if (part === 'month')
        return month;
    const afterYear = graph.node('Cast', [graph.node('Less', [month, number(3)])], { to: { kind: 'int', value: 7 } });
    return plus(plus(yearOfEra, times(quotient(shifted, 146097), 400)), afterYear);
}
export const datetimeParts = {
    id: 'datetime-parts',
    label: 'Take dates apart',
    summary: 'Turns a date into year, month, weekday and hour.',
    source: 'ISO 8601 calendar, UTC; pandas dt.year, dt.month, dt.weekday, dt.hour',
    params,
    kinds: ['datetime'],
    refuses: ({ kind }) => (kind === 'datetime' ? undefined : `only dates can be taken apart, and this is ${kind}`),
    fit: (_series, chosen) => ({ parts: order.filter((part) => chosen[part]) }),
    apply(series, { parts }) {
        if (series.kind !== 'datetime')
            throw new StudioError({ code: 'bug', message: `unsupported series; datetime-parts was given a ${series.kind} column` });
        return parts.map((part) => ({
            kind: 'numeric',
            name: `${series.name} ${part}`,
            source: series.source,
            values: Float32Array.from(series.seconds, (seconds) => (Number.isNaN(seconds) ? Number.NaN : partOf(seconds, part))),
        }));
    },
    toOnnx(series, { parts }, graph) {
        const isMissing = graph.node('Equal', [series.tensor, graph.constant('no_time', { type: 'int64', dims: [1], values: BigInt64Array.of(-(2n ** 63n)) })]);
        return parts.map((part) => {
            const number = graph.node('Cast', [partNodes(series.tensor, part, graph)], { to: { kind: 'int', value: 1 } });
            return { kind: 'numeric', name: `${series.name} ${part}`, source: series.source, tensor: graph.node('Where', [isMissing, graph.floats('nan', [Number.NaN]), number]) };
        });
    },
};
