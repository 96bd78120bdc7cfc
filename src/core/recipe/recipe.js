/**
 * Fits a recipe on training rows and applies what it learnt to any rows. `fitRecipe` takes TrainRows,
 * which only a split makes: learning from other rows is a compile error, not a discipline.
 */
import { StudioError } from '../errors.ts';
import { columnNamed } from '../data/dataset.ts';
import { checkParams } from '../params.ts';
import { steps } from './registry.ts';
import { missingIn, seriesLength, seriesOf } from './series.ts';
const selects = (selector, series) => selector.by === 'kind' ? selector.kinds.includes(series.kind) : selector.names.includes(series.source);
/** Renames newcomers whose name is taken, so that learnt states are found by name without doubt. */
function unique(made, taken) {
    return made.map((item) => {
        let name = item.name;
        for (let i = 2; taken.has(name); i++)
            name = `${item.name} (${i})`;
        taken.add(name);
        return name === item.name ? item : { ...item, name };
    });
}
/** Replaces the series that a step knows by what it makes of them; fit, apply and graph share this order. */
function advance(current, learnt, make) {
    const taken = new Set(current.filter((series) => !learnt.has(series.name)).map((series) => series.name));
    return current.flatMap((series) => (learnt.has(series.name) ? unique(make(series, learnt.get(series.name)), taken) : [series]));
}
const leftOutReasons = {
    numeric: '',
    boolean: '',
    categorical: 'a category needs an encode step before a model can read it',
    datetime: 'a date needs the step that takes dates apart',
    text: 'free text is left out: no model here reads it yet',
    id: 'it names rows, so a model could only learn them by heart',
};
/**
 * @param columns the dataset's columns
 * @param rows training rows; nothing else is looked at
 * @throws StudioError bad-param for a step's parameters, bad-data where nothing is left to learn from
 */
export function fitRecipe(columns, rows, spec, options, watch) {
    const leftOut = [];
    let current = [];
    for (const column of columns) {
        if (column.name === options.target)
            continue;
        if (spec.excluded.includes(column.name)) {
            leftOut.push({ column: column.name, reason: 'you excluded it' });
            continue;
        }
        const series = seriesOf(column, rows);
        if (series.kind !== 'text' && series.kind !== 'id' && missingIn(series) === rows.length)
            leftOut.push({ column: column.name, reason: 'no training row has a value' });
        else
            current.push(series);
    }
    const entered = current.map(({ name, kind }) => ({ name, kind }));
    const learnt = [];
    for (const wanted of spec.steps) {
        const step = steps.get(wanted.step);
        const params = checkParams(step.id, step.params, wanted.params);
        const states = new Map();
        for (const series of current) {
            if (selects(wanted.columns, series) && step.refuses(series, params) === undefined)
                states.set(series.name, step.fit(series, params));
        }
        learnt.push({ id: wanted.id, step: step.id, series: [...states].map(([name, state]) => ({ name, state })) });
        const before = new Set(current);
        current = advance(current, states, (series, state) => step.apply(series, state));
        watch?.({ id: wanted.id, touched: [...states.keys()], after: current.filter((series) => !before.has(series)) });
    }
    const features = current.flatMap(toFeature);
    for (const series of current)
        if (leftOutReasons[series.kind] !== '' && !leftOut.some(({ column }) => column === series.source))
            leftOut.push({ column: series.source, reason: leftOutReasons[series.kind] });
    for (const { name } of entered) {
        if (!current.some((series) => series.source === name))
            leftOut.push({ column: name, reason: 'a step dropped it' });
    }
    if (features.length === 0) {
        throw new StudioError({
            code: 'bad-data',
            message: `missing features; the recipe leaves none of ${columns.length - 1} columns: ${leftOut.map(({ column, reason }) => `${column.slice(0, 40)} (${reason})`).join('; ').slice(0, 400) || 'there is no column besides the target'}`,
            hint: 'Keep at least one numeric, boolean, categorical or datetime column.',
        });
    }
    const used = new Set(features.map((feature) => feature.source));
    const state = {
        version: 1,
        spec,
        // Only columns that reach the model are asked for when it is served.
        inputs: entered.filter(({ name }) => used.has(name)),
        learnt: learnt.map((step) => ({ ...step, series: step.series.filter(({ name }) => used.has(name) || !entered.some((input) => input.name === name)) })),
        features: features.map(({ name, source, categories }) => (categories ? { name, source, categories } : { name, source })),
        leftOut,
    };
    return { state, train: { rows: rows.length, features } };
}
function toFeature(series) {
    if (series.kind !== 'numeric' && series.kind !== 'boolean')
        return [];
    const { name, source, values, categories } = series;
    return [categories ? { name, source, values, categories } : { name, source, values }];
}
const statesOf = (learnt) => new Map(learnt.series.map(({ name, state }) => [name, state]));
/**
 * The features of any rows, in the order the model was fitted on.
 * @param rows row numbers into the columns; default all
 * @throws StudioError bad-data for a column that is missing or of another kind than in training
 */
export function applyRecipe(state, columns, rows) {
    let current = state.inputs.map(({ name, kind }) => {
        const column = columnNamed({ columns }, name);
        if (column.kind !== kind) {
            throw new StudioError({ code: 'bad-data', message: `invalid column ${name.slice(0, 100)}; the model was trained on ${kind} values: ${column.kind}`, details: { column: name.slice(0, 200) } });
        }
        return seriesOf(column, rows);
    });
    const length = current[0] ? seriesLength(current[0]) : (rows?.length ?? 0);
    for (const learnt of state.learnt) {
        const step = steps.get(learnt.step);
        current = advance(current, statesOf(learnt), (series, stepState) => step.apply(series, stepState));
    }
    return { rows: length, features: current.flatMap(toFeature) };
}
/** The same recipe as graph nodes. @param inputs one series for each of `state.inputs`, in order */
export function recipeToOnnx(state, inputs, graph) {
    let current = [...inputs];
    for (const learnt of state.learnt) {
        const step = steps.get(learnt.step);
        current = advance(current, statesOf(learnt), (series, stepState) => step.toOnnx(series, stepState, graph));
    }
    return current.filter((series) => series.kind === 'numeric' || series.kind === 'boolean');
}
