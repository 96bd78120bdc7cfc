/**
 * Splits that the kernel's search does not know: sets of categories, and splits under an exact limit on
 * the rows of a side. Both read a node's histogram; scores are those of BoostingKernels.search.
 *
 * Source: categories sorted by gradient over hessian (Fisher 1958; LightGBM's "Advanced Topics",
 * scikit-learn's HistGradientBoosting): smoothing and support of 10 rows as there; missing is a
 * category like any other.
 */
import { binsPerFeature, missingBin } from '../../../kernels/boosting.ts';
const support = 10;
export function scoreOf(g, h, node, lambda) {
    const gr = node.g - g;
    const a = h + lambda;
    const b = node.h - h + lambda;
    return (g * g * b + gr * gr * a) / (a * b);
}
/** Whether both sides are large enough; rows are only checked where they were counted. */
function allowed(h, rows, node, rules, counted) {
    if (h < rules.minH || node.h - h < rules.minH)
        return false;
    return !counted || (rows >= rules.minRows && node.rows - rows >= rules.minRows);
}
export function bestCategorySplit(feature, bins, view, node, rules, minScore) {
    const cellOf = (bin) => view.base + (feature * binsPerFeature + bin) * 2;
    const hessianOf = (bin) => view.hessians[cellOf(bin)];
    const gradientOf = (bin) => view.gradients[cellOf(bin) + 1];
    const rowsPerHessian = node.rows / node.h;
    const smoothing = support / rowsPerHessian;
    const order = [];
    for (let bin = 0; bin <= bins; bin++) {
        const actual = bin === bins ? missingBin : bin;
        if (hessianOf(actual) * rowsPerHessian >= support)
            order.push(actual);
    }
    const rank = (bin) => gradientOf(bin) / (hessianOf(bin) + smoothing);
    order.sort((a, b) => rank(a) - rank(b) || a - b);
    let best;
    for (const fromEnd of [false, true]) {
        let [g, h, rows] = [0, 0, 0];
        const upTo = Math.ceil(order.length / 2);
        for (let i = 0; i < upTo; i++) {
            const bin = order[fromEnd ? order.length - 1 - i : i];
            g += gradientOf(bin);
            h += hessianOf(bin);
            rows += view.counts ? view.counts[feature * binsPerFeature + bin] : 0;
            if (!allowed(h, rows, node, rules, view.counts !== undefined))
                continue;
            const score = scoreOf(g, h, node, rules.lambda);
            if (score <= (best?.score ?? minScore))
                continue;
            const leftBins = new Uint8Array(binsPerFeature);
            for (let j = 0; j <= i; j++)
                leftBins[order[fromEnd ? order.length - 1 - j : j]] = 1;
            best = { feature, score, g, h, bin: -1, missingLeft: leftBins[missingBin] === 1, leftBins };
        }
    }
    return best;
}
/** The kernel's search for one feature, with rows counted. */
export function bestCountedSplit(feature, lastBin, view, node, rules, minScore) {
    const counts = view.counts;
    const cell = view.base + feature * binsPerFeature * 2;
    const missingRows = counts[feature * binsPerFeature + missingBin];
    let best;
    for (const missingLeft of missingRows > 0 ? [false, true] : [false]) {
        let g = missingLeft ? view.gradients[cell + 2 * missingBin + 1] : 0;
        let h = missingLeft ? view.hessians[cell + 2 * missingBin] : 0;
        let rows = missingLeft ? missingRows : 0;
        const stop = missingRows > 0 && !missingLeft ? lastBin + 1 : lastBin;
        for (let bin = 0; bin < stop; bin++) {
            const inBin = counts[feature * binsPerFeature + bin];
            if (inBin === 0)
                continue;
            g += view.gradients[cell + 2 * bin + 1];
            h += view.hessians[cell + 2 * bin];
            rows += inBin;
            if (!allowed(h, rows, node, rules, true))
                continue;
            const score = scoreOf(g, h, node, rules.lambda);
            if (score > (best?.score ?? minScore))
                best = { feature, score, g, h, bin, missingLeft };
        }
    }
    return best;
}
