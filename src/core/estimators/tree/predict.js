import { goesLeft, treeCount } from './tree.ts';
const blockRows = 512;
/** Row-major copy of some rows. @returns shape (count, features), float32 */
export function gatherRows(matrix, from, count, into) {
    const width = matrix.features.length;
    matrix.features.forEach((feature, f) => {
        for (let i = 0; i < count; i++)
            into[i * width + f] = feature.values[from + i];
    });
    return into;
}
/** The leaf that a row reaches. @param base where the row's features begin in `rows` */
export function leafOf(trees, tree, rows, base) {
    const { feature, threshold, left, right } = trees;
    let node = trees.start[tree];
    for (let f = feature[node]; f >= 0; f = feature[node]) {
        const x = rows[base + f];
        node = x <= threshold[node] || goesLeft(trees, node, x) ? left[node] : right[node];
    }
    return node;
}
/**
 * Sums of leaf values, in the order of trees, on top of `base`.
 * @param base shape (outputs)
 * @returns shape (rows, outputs), row-major
 */
export function scoresOf(trees, matrix, base) {
    const { outputs, width, value } = trees;
    const features = matrix.features.length;
    const scores = new Float64Array(matrix.rows * outputs);
    const block = new Float32Array(Math.min(blockRows, matrix.rows) * features);
    for (let from = 0; from < matrix.rows; from += blockRows) {
        const count = Math.min(blockRows, matrix.rows - from);
        gatherRows(matrix, from, count, block);
        for (let i = 0; i < count * outputs; i++)
            scores[from * outputs + i] = base[i % outputs];
        for (let tree = 0; tree < treeCount(trees); tree++) {
            const target = trees.target[tree];
            for (let i = 0; i < count; i++) {
                const leaf = leafOf(trees, tree, block, i * features);
                const at = (from + i) * outputs + target;
                for (let w = 0; w < width; w++)
                    scores[at + w] = scores[at + w] + value[leaf * width + w];
            }
        }
    }
    return scores;
}
