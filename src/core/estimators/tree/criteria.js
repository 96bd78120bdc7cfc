export function criterionFor(y, kind, weights) {
    return y.task === 'regression' ? squaredError(y.values, weights) : classImpurity(y.codes, y.classes.length, kind, weights);
}
function squaredError(values, weights) {
    // Sums around a value of the data's own size lose fewer digits than sums around zero.
    let centre = 0;
    for (let i = 0; i < values.length; i++)
        centre += (values[i] - centre) / (i + 1);
    let [weight, sum, squares, leftWeight, leftSum, pure] = [0, 0, 0, 0, 0, true];
    const weightOf = (row) => (weights ? weights[row] : 1);
    const part = (w, s) => (w > 0 ? (s * s) / w : 0);
    return {
        width: 1,
        enter(rows, from, to) {
            weight = sum = squares = 0;
            pure = true;
            const first = values[rows[from]];
            for (let i = from; i < to; i++) {
                const row = rows[i];
                const w = weightOf(row);
                const v = values[row] - centre;
                weight += w;
                sum += w * v;
                squares += w * v * v;
                if (values[row] !== first)
                    pure = false;
            }
            leftWeight = leftSum = 0;
        },
        reset() {
            leftWeight = leftSum = 0;
        },
        move(row) {
            const w = weightOf(row);
            leftWeight += w;
            leftSum += w * (values[row] - centre);
        },
        proxy: () => part(leftWeight, leftSum) + part(weight - leftWeight, sum - leftSum),
        get weight() {
            return weight;
        },
        impurity: () => Math.max(0, squares / weight - (sum / weight) ** 2),
        sidesImpurity: () => squares - part(leftWeight, leftSum) - part(weight - leftWeight, sum - leftSum),
        isPure: () => pure,
        values: () => [weight > 0 ? centre + sum / weight : centre],
        orderings: () => 1,
        levelOf(rows, from, to) {
            let [w, s] = [0, 0];
            for (let i = from; i < to; i++) {
                w += weightOf(rows[i]);
                s += weightOf(rows[i]) * (values[rows[i]] - centre);
            }
            return w > 0 ? s / w : 0;
        },
    };
}
function classImpurity(codes, classes, kind, weights) {
    const total = new Float64Array(classes);
    const left = new Float64Array(classes);
    let [weight, leftWeight, present] = [0, 0, 0];
    const weightOf = (row) => (weights ? weights[row] : 1);
    /** Gini: sum of squares over the weight. Entropy: weight times the negative entropy. */
    const part = (w, side) => {
        if (!(w > 0))
            return 0;
        let sum = 0;
        for (let k = 0; k < classes; k++) {
            const c = side(k);
            if (c > 0)
                sum += kind === 'gini' ? (c * c) / w : c * Math.log2(c / w);
        }
        return sum;
    };
    const fromLeft = (k) => left[k];
    const fromRight = (k) => total[k] - left[k];
    const proxy = () => part(leftWeight, fromLeft) + part(weight - leftWeight, fromRight);
    return {
        width: classes,
        enter(rows, from, to) {
            total.fill(0);
            left.fill(0);
            weight = leftWeight = 0;
            const seen = new Uint8Array(classes);
            for (let i = from; i < to; i++) {
                const row = rows[i];
                const code = codes[row];
                total[code] = total[code] + weightOf(row);
                weight += weightOf(row);
                seen[code] = 1;
            }
            present = seen.reduce((a, b) => a + b, 0);
        },
        reset() {
            left.fill(0);
            leftWeight = 0;
        },
        move(row) {
            const code = codes[row];
            left[code] = left[code] + weightOf(row);
            leftWeight += weightOf(row);
        },
        proxy,
        get weight() {
            return weight;
        },
        impurity: () => (kind === 'gini' ? 1 - part(weight, (k) => total[k]) / weight : -part(weight, (k) => total[k]) / weight),
        sidesImpurity: () => (kind === 'gini' ? weight - proxy() : -proxy()),
        isPure: () => present <= 1,
        values: () => Array.from(total, (c) => (weight > 0 ? c / weight : 1 / classes)),
        orderings: () => (classes <= 2 ? 1 : classes),
        levelOf(rows, from, to, ordering) {
            const wanted = classes <= 2 ? classes - 1 : ordering;
            let [w, s] = [0, 0];
            for (let i = from; i < to; i++) {
                const row = rows[i];
                w += weightOf(row);
                if (codes[row] === wanted)
                    s += weightOf(row);
            }
            return w > 0 ? s / w : 0;
        },
    };
}
