/** One number for each category, which models with native categories read as a category. */
import { StudioError } from '../errors.ts';
import { byFrequency, countCategories } from './categories.ts';
const params = {
    order: {
        kind: 'choice',
        default: 'alphabetical',
        options: [
            { value: 'alphabetical', label: 'Alphabetical' },
            { value: 'frequency', label: 'Most frequent first' },
        ],
        label: 'Order',
        help: 'Which category gets 0, 1, 2 and so on; models with native categories do not mind.',
    },
    unseen: {
        kind: 'choice',
        default: 'missing',
        options: [
            { value: 'missing', label: 'As missing' },
            { value: 'bucket', label: 'Own number' },
        ],
        label: 'Unseen values',
        help: 'What a category that training never saw becomes.',
        advanced: true,
    },
};
const unseenName = '(unseen)';
export const ordinal = {
    id: 'ordinal',
    label: 'Number categories',
    summary: 'Gives each category a number; trees then split them as categories, not as quantities.',
    source: "scikit-learn's OrdinalEncoder(handle_unknown='use_encoded_value')",
    params,
    kinds: ['categorical'],
    refuses: ({ kind }) => (kind === 'categorical' ? undefined : `only categories can be numbered, and this is ${kind}`),
    fit(series, { order, unseen }) {
        if (series.kind !== 'categorical')
            throw new StudioError({ code: 'bug', message: `unsupported series; ordinal was given a ${series.kind} column` });
        const found = countCategories(series);
        return { names: order === 'frequency' ? byFrequency(found) : found.names, bucket: unseen === 'bucket' };
    },
    apply(series, state) {
        if (series.kind !== 'categorical')
            return [series];
        const index = new Map(state.names.map((name, i) => [name, i]));
        const unseen = state.bucket ? state.names.length : Number.NaN;
        const numbers = Float32Array.from(series.dictionary, (name) => index.get(name) ?? unseen);
        const values = Float32Array.from(series.codes, (code) => (code < 0 ? Number.NaN : numbers[code]));
        return [{ kind: 'numeric', name: series.name, source: series.source, values, categories: state.bucket ? [...state.names, unseenName] : state.names }];
    },
    toOnnx(series, state, graph) {
        const tensor = graph.node('LabelEncoder', [series.tensor], {
            keys_strings: { kind: 'strings', value: [...state.names, ''] },
            values_floats: { kind: 'floats', value: [...state.names.map((_, i) => i), Number.NaN] },
            default_float: { kind: 'float', value: state.bucket ? state.names.length : Number.NaN },
        }, 'ai.onnx.ml');
        return [{ ...series, kind: 'numeric', tensor }];
    },
};
