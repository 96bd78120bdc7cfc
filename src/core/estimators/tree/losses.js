import { rowPadding } from '../../../kernels/boosting.ts';
export function takePart(layout, rows, outputs) {
    const stride = Math.ceil(rows / rowPadding) * rowPadding;
    return { rows, stride, raw: layout.take(stride * 4 * outputs), truth: layout.take(stride * 4) };
}
/** @param rows the training rows, which give the base score */
export function lossFor(y, rows, weights) {
    if (y.task === 'regression')
        return squaredError(y.values, rows, weights);
    return y.classes.length === 2 ? binaryLogLoss(y.codes, rows, weights) : softmaxLoss(y.codes, y.classes.length, rows, weights);
}
const doubleAt = (kernels, sums, index) => new Float64Array(kernels.buffer, sums, 3)[index];
function squaredError(values, rows, weights) {
    let [total, mean] = [0, 0];
    for (const row of rows) {
        const w = weights?.[row] ?? 1;
        total += w;
        if (w > 0)
            mean += (values[row] - mean) * (w / total);
    }
    let squares = 0;
    let largest = 0;
    for (const row of rows)
        largest = Math.max(largest, Math.abs(values[row] - mean));
    for (const row of rows)
        squares += (largest > 0 ? (values[row] - mean) / largest : 0) ** 2;
    // Targets are learnt in standard deviations, so float32 scores serve any unit.
    const scale = squares > 0 ? largest * Math.sqrt(squares / rows.length) : 1;
    return {
        name: 'mean squared error',
        outputs: 1,
        base: [mean],
        scale,
        maxHessian: 1,
        fill(kernels, part, partRows) {
            const truth = new Float32Array(kernels.buffer, part.truth, part.stride);
            for (let i = 0; i < partRows.length; i++)
                truth[i] = (values[partRows[i]] - mean) / scale;
        },
        begin(kernels, part, work) {
            kernels.squaredGradients(part.raw, part.truth, part.rows, work.gradient, work.hessian, work.sums);
            return (doubleAt(kernels, work.sums, 2) / part.rows) * scale ** 2;
        },
        gradients() { },
    };
}
/** Score of a pad row: certain and right, so it adds nothing. */
const padScore = 100;
function binaryLogLoss(codes, rows, weights) {
    const [negative, positive] = classTotals(codes, 2, rows, weights);
    // Half a row of each class keeps the log-odds finite where one never occurs.
    const base = negative > 0 && positive > 0 ? Math.log(positive / negative) : Math.log((positive + 0.5) / (negative + 0.5));
    return {
        name: 'log loss',
        outputs: 1,
        base: [base],
        scale: 1,
        maxHessian: 0.25,
        fill(kernels, part, partRows) {
            new Float32Array(kernels.buffer, part.truth, part.stride).fill(1);
            new Float32Array(kernels.buffer, part.raw, part.stride).fill(padScore).fill(base, 0, part.rows);
            const sign = new Float32Array(kernels.buffer, part.truth, part.stride);
            for (let i = 0; i < partRows.length; i++)
                sign[i] = codes[partRows[i]] === 1 ? 1 : -1;
        },
        begin(kernels, part, work) {
            kernels.binaryGradients(part.raw, part.truth, part.stride, work.gradient, work.hessian, work.sums);
            return doubleAt(kernels, work.sums, 2) / part.rows;
        },
        gradients() { },
    };
}
function softmaxLoss(codes, classes, rows, weights) {
    const totals = classTotals(codes, classes, rows, weights);
    const sum = totals.reduce((a, b) => a + b, 0);
    const logs = totals.map((total) => Math.log((total > 0 ? total : 0.5) / sum));
    const centre = logs.reduce((a, b) => a + b, 0) / classes;
    const base = logs.map((log) => log - centre);
    return {
        name: 'log loss',
        outputs: classes,
        base,
        scale: 1,
        maxHessian: 0.25,
        fill(kernels, part, partRows) {
            base.forEach((score, k) => new Float32Array(kernels.buffer, part.raw + k * part.stride * 4, part.stride).fill(score));
            const truth = new Uint32Array(kernels.buffer, part.truth, part.stride);
            for (let i = 0; i < partRows.length; i++)
                truth[i] = codes[partRows[i]];
        },
        begin(kernels, part, work) {
            kernels.softmax(part.raw, classes, part.stride, part.truth, part.rows, work.probabilities, work.sums);
            return doubleAt(kernels, work.sums, 2) / part.rows;
        },
        gradients(kernels, part, output, work) {
            kernels.classGradients(work.probabilities + output * part.stride * 4, part.truth, output, part.rows, work.gradient, work.hessian, work.sums);
        },
    };
}
function classTotals(codes, classes, rows, weights) {
    const totals = new Array(classes).fill(0);
    for (const row of rows) {
        const code = codes[row];
        totals[code] = totals[code] + (weights?.[row] ?? 1);
    }
    return totals;
}
