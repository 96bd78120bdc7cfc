import { sorted } from './sort.ts';
/** A float32 t with a <= t < b, halfway where that exists. */
export function thresholdBetween(a, b) {
    const middle = Math.fround(a / 2 + b / 2);
    return middle >= a && middle < b ? middle : a;
}
/** @param rows the rows that may be looked at, or a sample of them; @param maxBins in [2, 255] */
export function findBins(feature, rows, maxBins) {
    return feature.categories ? categoryBins(feature, feature.categories.length, rows, maxBins) : numericBins(feature, rows, maxBins);
}
function numericBins(feature, rows, maxBins) {
    const present = new Float32Array(rows.length);
    let n = 0;
    for (let i = 0; i < rows.length; i++) {
        const x = feature.values[rows[i]];
        if (x === x)
            present[n++] = x;
    }
    const ordered = sorted(present.subarray(0, n));
    // Groups of equal values: group k is ordered[starts[k] .. starts[k + 1]).
    const starts = new Uint32Array(n + 1);
    let groups = 0;
    for (let i = 0; i < n; i++)
        if (i === 0 || ordered[i] !== ordered[i - 1])
            starts[groups++] = i;
    starts[groups] = n;
    const edges = groups <= maxBins ? Uint32Array.from({ length: Math.max(0, groups - 1) }, (_, group) => group) : evenEdges(starts, groups, n, maxBins);
    const thresholds = Float32Array.from(edges, (group) => thresholdBetween(ordered[starts[group]], ordered[starts[group + 1]]));
    return { kind: 'numeric', thresholds, missing: n < rows.length };
}
/** The groups after which a bin ends, for more groups than bins. */
function evenEdges(starts, groups, n, maxBins) {
    const heavyRows = n / maxBins;
    let lightBins = maxBins;
    let lightRows = n;
    for (let group = 0; group < groups; group++) {
        const size = starts[group + 1] - starts[group];
        if (size < heavyRows)
            continue;
        lightBins--;
        lightRows -= size;
    }
    let share = lightRows / Math.max(1, lightBins);
    const edges = [];
    let inBin = 0;
    for (let group = 0; group + 1 < groups && edges.length < maxBins - 1; group++) {
        const size = starts[group + 1] - starts[group];
        const heavy = size >= heavyRows;
        const nextHeavy = starts[group + 2] - starts[group + 1] >= heavyRows;
        inBin += size;
        if (!heavy)
            lightRows -= size;
        if (!heavy && inBin < share && !(nextHeavy && inBin >= share / 2))
            continue;
        edges.push(group);
        inBin = 0;
        if (heavy)
            continue;
        // What rounding gave to this bin is taken from the ones that follow.
        lightBins--;
        share = lightRows / Math.max(1, lightBins);
    }
    return edges;
}
/** The most frequent categories get bins of their own; where there are too many, the rarest share the last. */
function categoryBins(feature, categories, rows, maxBins) {
    const counts = new Uint32Array(categories);
    let missing = false;
    for (let i = 0; i < rows.length; i++) {
        const code = feature.values[rows[i]];
        if (code >= 0 && code < categories)
            counts[code] = counts[code] + 1;
        else
            missing = true;
    }
    const seen = Array.from(counts.keys()).filter((code) => counts[code] !== 0);
    const ranked = seen.length <= maxBins ? seen : seen.sort((a, b) => counts[b] - counts[a] || a - b);
    const binOfCode = new Uint8Array(categories).fill(255);
    ranked.forEach((code, rank) => (binOfCode[code] = Math.min(rank, maxBins - 1)));
    return { kind: 'categorical', bins: Math.min(ranked.length, maxBins), binOfCode, missing };
}
