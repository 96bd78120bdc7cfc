/** One column of 0 and 1 for each category, one for everything rare or unseen, one for missing. */
import { StudioError } from '../errors.ts';
import { byFrequency, countCategories } from './categories.ts';
const params = {
    minFrequency: { kind: 'number', default: 0.01, min: 0, max: 0.5, label: 'Rare below', help: 'Categories with a smaller share of the training rows share one column.' },
    maxCategories: { kind: 'integer', default: 50, min: 1, max: 1000, label: 'Columns at most', help: 'Keeps the most frequent; the others count as rare.', advanced: true },
    missing: {
        kind: 'choice',
        default: 'own',
        options: [
            { value: 'own', label: 'Own column' },
            { value: 'zeros', label: 'All zeros' },
        ],
        label: 'Missing values',
        help: 'Own column lets the model learn from the fact that a value is missing.',
        advanced: true,
    },
};
const columnNames = (name, { kept, missingColumn }) => [
    ...kept.map((category) => `${name} = ${category}`),
    `${name} is another`,
    ...(missingColumn ? [`${name} is missing`] : []),
];
export const onehot = {
    id: 'onehot',
    label: 'One-hot encode',
    summary: 'Turns a category into columns of 0 and 1; values never seen in training fall into their own column.',
    source: "scikit-learn's OneHotEncoder(min_frequency, handle_unknown='infrequent_if_exist'), but the bucket for rare and unseen values is always there",
    params,
    kinds: ['categorical'],
    refuses: ({ kind }) => (kind === 'categorical' ? undefined : `only categories can be one-hot encoded, and this is ${kind}`),
    fit(series, { minFrequency, maxCategories, missing }) {
        if (series.kind !== 'categorical')
            throw new StudioError({ code: 'bug', message: `unsupported series; onehot was given a ${series.kind} column` });
        const found = countCategories(series);
        const frequent = byFrequency(found)
            .filter((name) => found.counts.get(name) >= minFrequency * found.rows)
            .slice(0, maxCategories);
        return { kept: found.names.filter((name) => frequent.includes(name)), missingColumn: missing === 'own' && found.missing > 0 };
    },
    apply(series, state) {
        if (series.kind !== 'categorical')
            return [series];
        const index = new Map(state.kept.map((name, i) => [name, i]));
        const other = state.kept.length;
        const place = Int32Array.from(series.dictionary, (name) => index.get(name) ?? other);
        const columns = columnNames(series.name, state).map(() => new Float32Array(series.codes.length));
        // A missing value without a column of its own leaves every column at 0.
        const missing = state.missingColumn ? other + 1 : -1;
        series.codes.forEach((code, row) => {
            const at = code < 0 ? missing : place[code];
            if (at >= 0)
                columns[at][row] = 1;
        });
        return columnNames(series.name, state).map((name, i) => ({ kind: 'boolean', name, source: series.source, values: columns[i] }));
    },
    toOnnx(series, state, graph) {
        const names = columnNames(series.name, state);
        const depth = names.length;
        const other = state.kept.length;
        const code = graph.node('LabelEncoder', [series.tensor], {
            // An index of `depth` is out of range, which OneHot writes as all zeros.
            keys_strings: { kind: 'strings', value: [...state.kept, ''] },
            values_int64s: { kind: 'ints', value: [...state.kept.map((_, i) => i), state.missingColumn ? other + 1 : depth] },
            default_int64: { kind: 'int', value: other },
        }, 'ai.onnx.ml');
        const hot = graph.node('OneHot', [code, graph.ints('depth', [depth], []), graph.floats('off_on', [0, 1])]);
        const flat = graph.node('Reshape', [hot, graph.ints('shape', [-1, depth])]);
        const tensors = graph.nodes('Split', [flat, graph.ints('ones', new Array(depth).fill(1))], depth, { axis: { kind: 'int', value: 1 } });
        return names.map((name, i) => ({ kind: 'boolean', name, source: series.source, tensor: tensors[i] }));
    },
};
