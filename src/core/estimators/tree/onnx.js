import { codesOfSet, treeCount } from './tree.ts';
/**
 * @param input a float tensor [N, features]
 * @param categoryCounts shape (features): number of categories, 0 for numbers
 * @returns a float tensor [N, outputs] of summed leaf values
 */
export function treesToOnnx(trees, categoryCounts, input, graph) {
    const nodes = { tree: [], id: [], feature: [], value: [], mode: [], yes: [], no: [], missing: [] };
    const leaves = { tree: [], id: [], target: [], weight: [] };
    for (let tree = 0; tree < treeCount(trees); tree++) {
        const start = trees.start[tree];
        // The extra links of chains are numbered after the tree's own nodes, the first link keeps the node's number.
        let next = trees.start[tree + 1] - start;
        const add = (id, feature, value, mode, yes, no, missing) => {
            nodes.tree.push(tree);
            nodes.id.push(id);
            nodes.feature.push(feature);
            nodes.value.push(value);
            nodes.mode.push(mode);
            nodes.yes.push(yes);
            nodes.no.push(no);
            nodes.missing.push(missing ? 1 : 0);
        };
        for (let node = start; node < trees.start[tree + 1]; node++) {
            const id = node - start;
            const feature = trees.feature[node];
            if (feature < 0) {
                add(id, 0, 0, 'LEAF', 0, 0, false);
                for (let w = 0; w < trees.width; w++) {
                    leaves.tree.push(tree);
                    leaves.id.push(id);
                    leaves.target.push(trees.target[tree] + w);
                    leaves.weight.push(trees.value[node * trees.width + w]);
                }
                continue;
            }
            const left = trees.left[node] - start;
            const right = trees.right[node] - start;
            const missingLeft = trees.missingLeft[node] === 1;
            const set = trees.set[node];
            if (set < 0) {
                add(id, feature, trees.threshold[node], 'BRANCH_LEQ', left, right, missingLeft);
                continue;
            }
            const inSet = codesOfSet(trees, set);
            const known = new Set(inSet);
            const others = Array.from({ length: categoryCounts[feature] }, (_, code) => code).filter((code) => !known.has(code));
            if (inSet.length === 0 || others.length === 0) {
                // Missing against all categories: every code is below infinity, NaN is not.
                const present = inSet.length === 0 ? right : left;
                add(id, feature, Number.POSITIVE_INFINITY, 'BRANCH_LEQ', present, present === left ? right : left, missingLeft === (present === left));
                continue;
            }
            const useLeft = inSet.length <= others.length;
            const listed = useLeft ? inSet : others;
            const hit = useLeft ? left : right;
            const miss = useLeft ? right : left;
            const missingHits = useLeft === missingLeft;
            let link = id;
            listed.forEach((code, i) => {
                const following = i === listed.length - 1 ? miss : next++;
                add(link, feature, code, 'BRANCH_EQ', hit, following, missingHits);
                link = following;
            });
        }
    }
    return graph.node('TreeEnsembleRegressor', [input], {
        n_targets: { kind: 'int', value: trees.outputs },
        aggregate_function: { kind: 'string', value: 'SUM' },
        post_transform: { kind: 'string', value: 'NONE' },
        nodes_treeids: { kind: 'ints', value: nodes.tree },
        nodes_nodeids: { kind: 'ints', value: nodes.id },
        nodes_featureids: { kind: 'ints', value: nodes.feature },
        nodes_values: { kind: 'floats', value: nodes.value },
        nodes_modes: { kind: 'strings', value: nodes.mode },
        nodes_truenodeids: { kind: 'ints', value: nodes.yes },
        nodes_falsenodeids: { kind: 'ints', value: nodes.no },
        nodes_missing_value_tracks_true: { kind: 'ints', value: nodes.missing },
        target_treeids: { kind: 'ints', value: leaves.tree },
        target_nodeids: { kind: 'ints', value: leaves.id },
        target_ids: { kind: 'ints', value: leaves.target },
        target_weights: { kind: 'floats', value: leaves.weight },
    }, 'ai.onnx.ml');
}
/** Log-odds [N, 1] to probabilities [N, 2]. */
export function logitsToOnnx(logits, graph) {
    const positive = graph.node('Sigmoid', [logits]);
    const negative = graph.node('Sub', [graph.floats('one', [1]), positive]);
    return graph.node('Concat', [negative, positive], { axis: { kind: 'int', value: 1 } });
}
