/**
 * Grows one regression tree at a time on binned rows: best gain first up to a number of leaves, or
 * depth first where only depth limits it. A child's histogram is its parent's minus its sibling's.
 *
 * Source: Ke et al. 2017 (LightGBM), Chen & Guestrin 2016 (XGBoost) for gain and leaf value. Ours
 * checks minSamplesLeaf exactly but counts rows only where the hessians cannot prove it.
 */
import { binsPerFeature, cellBytes, missingBin, rowPadding } from '../../../kernels/boosting.ts';
import { bestCategorySplit, bestCountedSplit } from './splits.ts';
const histogramBudget = 256 * 2 ** 20;
/** Rows whose cells a kernel call may touch before cancel gets a chance: some tens of milliseconds. */
const cellsPerCall = 2 ** 24;
/** Hessian below which a side teaches nothing (scikit-learn's min_hessian_to_split). */
const minHessian = 1e-3;
/** A split must beat its node by more than rounding. */
const minRelativeGain = 1e-10;
export function layOutGrower(layout, rows, features, maxLeafNodes) {
    const stride = Math.ceil(features / 4) * 4;
    const padded = Math.ceil(rows / rowPadding) * rowPadding;
    const histogramBytes = stride * binsPerFeature * cellBytes;
    const wanted = maxLeafNodes === 0 ? 32 : maxLeafNodes + 2;
    const slots = Math.max(4, Math.min(wanted, Math.floor(histogramBudget / histogramBytes)));
    return {
        stride,
        rowMajor: layout.take(padded * stride),
        columns: layout.take(rows * features),
        rows: layout.take(padded * 4),
        scratch: layout.take(padded * 4),
        gradient: layout.take(padded * 4),
        hessian: layout.take(padded * 4),
        packed: layout.take(padded * 8),
        sums: layout.take(64),
        result: layout.take(64),
        lastBins: layout.take(features),
        modes: layout.take(features),
        goesLeft: layout.take(binsPerFeature),
        thresholds: layout.take(binsPerFeature * 4),
        histograms: layout.take(slots * histogramBytes),
        slots,
    };
}
export class TreeGrower {
    #kernels;
    #at;
    #count;
    #bins;
    #options;
    #u8;
    #u32;
    #i32;
    #f64;
    #free = [];
    #categorical;
    #baseModes;
    /** @param rows number of training rows, whose bins are written by `bin` */
    constructor(kernels, at, rows, bins, options) {
        this.#kernels = kernels;
        this.#at = at;
        this.#count = rows;
        this.#bins = bins;
        this.#options = options;
        this.#u8 = new Uint8Array(kernels.buffer);
        this.#u32 = new Uint32Array(kernels.buffer);
        this.#i32 = new Int32Array(kernels.buffer);
        this.#f64 = new Float64Array(kernels.buffer);
        this.#categorical = bins.flatMap((entry, feature) => (entry.kind === 'categorical' ? [feature] : []));
        this.#baseModes = Uint8Array.from(bins, (entry) => (entry.kind === 'categorical' ? 0 : entry.missing ? 2 : 1));
        bins.forEach((entry, feature) => (this.#u8[at.lastBins + feature] = entry.kind === 'numeric' ? entry.thresholds.length : Math.max(0, entry.bins - 1)));
    }
    /** Writes the bins of one feature at the given rows of the data. */
    bin(feature, index, rows) {
        const { scratch, thresholds, rowMajor, stride, columns } = this.#at;
        const bins = this.#bins[index];
        const column = columns + index * this.#count;
        if (bins.kind === 'categorical') {
            for (let i = 0; i < rows.length; i++) {
                const bin = bins.binOfCode[feature.values[rows[i]]] ?? missingBin;
                this.#u8[rowMajor + i * stride + index] = bin;
                this.#u8[column + i] = bin;
            }
            return;
        }
        const f32 = new Float32Array(this.#kernels.buffer);
        f32.fill(Number.POSITIVE_INFINITY, thresholds >>> 2, (thresholds >>> 2) + binsPerFeature);
        f32.set(bins.thresholds, thresholds >>> 2);
        for (let i = 0; i < rows.length; i++)
            f32[(scratch >>> 2) + i] = feature.values[rows[i]];
        this.#kernels.binColumn(scratch, rows.length, thresholds, rowMajor + index, stride, column);
    }
    /**
     * Grows a tree on the gradients and hessians that lie in the buffer and ends it in the builder.
     * @param sums of |gradient| and hessian over all rows; @param maxRowHessian largest hessian of one row
     * @param leafValue of the exact sums of a leaf
     */
    async grow(builder, target, sums, maxRowHessian, leafValue, rng, pacer) {
        const at = this.#at;
        const n = this.#count;
        const gradientScale = sums.absoluteGradient > 0 ? (2 ** 31 - 1 - n) / sums.absoluteGradient : 0;
        const hessianScale = sums.hessian > 0 ? (2 ** 32 - 1 - n) / sums.hessian : 0;
        this.#kernels.quantise(at.gradient, at.hessian, n, gradientScale, hessianScale, at.packed);
        const rules = {
            lambda: this.#options.l2Regularization * hessianScale,
            minH: Math.max(1, minHessian * hessianScale),
            minRows: this.#options.minSamplesLeaf,
        };
        const rowHessian = maxRowHessian * hessianScale + 1;
        const gainUnit = gradientScale > 0 ? hessianScale / gradientScale ** 2 : 0;
        const rows = at.rows >>> 2;
        for (let i = 0; i < n; i++)
            this.#u32[rows + i] = i;
        this.#free.length = 0;
        for (let slot = at.slots - 1; slot >= 0; slot--)
            this.#free.push(slot);
        const root = { id: builder.addNode(n, [0]), start: 0, depth: 0, sums: this.#totals(n), slot: -1, split: undefined };
        const leaves = [];
        const open = [];
        let leafCount = 1;
        const consider = (node) => {
            if (node.split)
                open.push(node);
            else {
                this.#release(node);
                leaves.push({ node: node.id, start: node.start, count: node.sums.rows });
            }
        };
        if (this.#mayGrow(root)) {
            root.slot = this.#free.pop();
            await this.#fill(root, pacer);
            root.split = this.#findSplit(root, rules, rowHessian, rng);
        }
        consider(root);
        while (open.length > 0) {
            if (this.#options.maxLeafNodes > 0 && leafCount >= this.#options.maxLeafNodes)
                break;
            const node = this.#takeNext(open, rules.lambda);
            const split = node.split;
            const leftRows = this.#partition(node, split);
            leafCount++;
            const lastSplit = this.#options.maxLeafNodes > 0 && leafCount >= this.#options.maxLeafNodes;
            const left = { id: builder.addNode(leftRows, [0]), start: node.start, depth: node.depth + 1, sums: { g: split.g, h: split.h, rows: leftRows }, slot: -1, split: undefined };
            const right = {
                id: builder.addNode(node.sums.rows - leftRows, [0]),
                start: node.start + leftRows,
                depth: node.depth + 1,
                sums: { g: node.sums.g - split.g, h: node.sums.h - split.h, rows: node.sums.rows - leftRows },
                slot: -1,
                split: undefined,
            };
            this.#record(builder, node, left, right, gainUnit, rules.lambda);
            if (!lastSplit)
                await this.#histograms(node, left, right, pacer);
            this.#release(node);
            for (const child of [left, right]) {
                if (child.slot >= 0)
                    child.split = this.#findSplit(child, rules, rowHessian, rng);
                // Two slots must stay free for the next pair of children.
                if (this.#free.length < 2)
                    this.#release(child);
            }
            consider(right);
            consider(left);
            await pacer();
        }
        for (const node of open)
            leaves.push({ node: node.id, start: node.start, count: node.sums.rows });
        for (const leaf of leaves) {
            this.#kernels.sumRows(at.gradient, at.hessian, at.rows + leaf.start * 4, leaf.count, at.sums);
            builder.setValue(leaf.node, leafValue(this.#f64[at.sums >>> 3], this.#f64[(at.sums >>> 3) + 1]));
        }
        builder.endTree(target);
        return leaves;
    }
    #totals(rows) {
        const packed = this.#at.packed >>> 2;
        let [g, h] = [0, 0];
        for (let i = 0; i < rows; i++) {
            h += this.#u32[packed + 2 * i];
            g += this.#i32[packed + 2 * i + 1];
        }
        return { g, h, rows };
    }
    #mayGrow(node) {
        const { maxDepth, minSamplesLeaf } = this.#options;
        return (maxDepth === 0 || node.depth < maxDepth) && node.sums.rows >= 2 * minSamplesLeaf && node.sums.rows >= 2;
    }
    #slotAt(slot) {
        return this.#at.histograms + slot * this.#at.stride * binsPerFeature * cellBytes;
    }
    #release(node) {
        if (node.slot >= 0)
            this.#free.push(node.slot);
        node.slot = -1;
    }
    /** Adds up the rows of a node into its slot. */
    async #fill(node, pacer) {
        const { stride, rows, rowMajor, packed } = this.#at;
        const hist = this.#slotAt(node.slot);
        this.#u8.fill(0, hist, hist + stride * binsPerFeature * cellBytes);
        const step = Math.max(1024, Math.floor(cellsPerCall / stride));
        for (let from = 0; from < node.sums.rows; from += step) {
            this.#kernels.histogram(rowMajor, stride, rows + (node.start + from) * 4, Math.min(step, node.sums.rows - from), packed, hist);
            await pacer();
        }
    }
    /** Gives slots to children that may grow: the smaller is summed, the larger is the parent minus it. */
    async #histograms(parent, left, right, pacer) {
        const [small, large] = left.sums.rows <= right.sums.rows ? [left, right] : [right, left];
        const bytes = this.#at.stride * binsPerFeature * cellBytes;
        if (!this.#mayGrow(large))
            return;
        if (parent.slot < 0) {
            for (const child of [small, large]) {
                if (!this.#mayGrow(child))
                    continue;
                child.slot = this.#free.pop();
                await this.#fill(child, pacer);
            }
            return;
        }
        small.slot = this.#free.pop();
        await this.#fill(small, pacer);
        large.slot = parent.slot;
        parent.slot = -1;
        this.#kernels.subtract(this.#slotAt(large.slot), this.#slotAt(small.slot), this.#slotAt(large.slot), bytes);
        if (!this.#mayGrow(small))
            this.#release(small);
    }
    #takeNext(open, lambda) {
        if (this.#options.maxLeafNodes === 0)
            return open.pop();
        let best = 0;
        let bestGain = Number.NEGATIVE_INFINITY;
        open.forEach((node, i) => {
            const gain = node.split.score - node.sums.g ** 2 / (node.sums.h + lambda);
            if (gain > bestGain || (gain === bestGain && node.id < open[best].id))
                [best, bestGain] = [i, gain];
        });
        return open.splice(best, 1)[0];
    }
    #findSplit(node, rules, rowHessian, rng) {
        const at = this.#at;
        const { g, h, rows } = node.sums;
        const own = g ** 2 / (h + rules.lambda);
        const minScore = own + minRelativeGain * Math.abs(own);
        if (!(h + rules.lambda > 0))
            return undefined;
        const looked = this.#featuresOf(rng);
        const hist = this.#slotAt(node.slot);
        this.#kernels.search(hist, this.#bins.length, at.lastBins, at.modes, g, h, rules.lambda, rules.minH, minScore, at.result);
        const words = at.result >>> 2;
        const found = this.#i32[words + 6];
        const doubles = at.result >>> 3;
        const numeric = found < 0
            ? undefined
            : {
                feature: found,
                score: this.#f64[doubles],
                g: this.#f64[doubles + 1],
                h: this.#f64[doubles + 2],
                bin: this.#i32[words + 7],
                missingLeft: this.#i32[words + 8] === 1,
            };
        const view = { hessians: this.#u32, gradients: this.#i32, base: hist >>> 2 };
        const best = this.#withCategories(numeric, view, node.sums, rules, minScore, looked);
        if (!best || Math.min(best.h, h - best.h) >= rules.minRows * rowHessian)
            return best;
        const left = this.#countLeft(node, best);
        if (left >= rules.minRows && rows - left >= rules.minRows)
            return best;
        return this.#countedSplit(node, view, rules, minScore, looked);
    }
    /** Marks in the buffer which numeric features the search may use, and says so for all. */
    #featuresOf(rng) {
        const features = this.#bins.length;
        const wanted = Math.max(1, Math.round(this.#options.maxFeatures * features));
        if (wanted >= features) {
            this.#u8.set(this.#baseModes, this.#at.modes);
            return () => true;
        }
        const order = Uint32Array.from({ length: features }, (_, i) => i);
        const chosen = new Uint8Array(features);
        for (let i = 0; i < wanted; i++) {
            const j = i + rng.int(features - i);
            const pick = order[j];
            order[j] = order[i];
            chosen[pick] = 1;
        }
        for (let f = 0; f < features; f++)
            this.#u8[this.#at.modes + f] = chosen[f] === 1 ? this.#baseModes[f] : 0;
        return (feature) => chosen[feature] === 1;
    }
    #withCategories(numeric, view, sums, rules, minScore, looked) {
        let best = numeric;
        for (const feature of this.#categorical) {
            if (!looked(feature))
                continue;
            const bins = this.#bins[feature];
            const split = bestCategorySplit(feature, bins.bins, view, sums, rules, minScore);
            if (split && (!best || split.score > best.score || (split.score === best.score && feature < best.feature)))
                best = split;
        }
        return best;
    }
    #countLeft(node, split) {
        this.#markLeft(split);
        const column = this.#at.columns + split.feature * this.#count;
        const rows = (this.#at.rows >>> 2) + node.start;
        let left = 0;
        for (let i = 0; i < node.sums.rows; i++)
            left += this.#u8[this.#at.goesLeft + this.#u8[column + this.#u32[rows + i]]];
        return left;
    }
    /** The search again, with rows counted a bin, because the best split would leave a side with too few. */
    #countedSplit(node, view, rules, minScore, looked) {
        const features = this.#bins.length;
        const counts = new Uint32Array(features * binsPerFeature);
        const rows = (this.#at.rows >>> 2) + node.start;
        for (let feature = 0; feature < features; feature++) {
            const column = this.#at.columns + feature * this.#count;
            for (let i = 0; i < node.sums.rows; i++) {
                const cell = feature * binsPerFeature + this.#u8[column + this.#u32[rows + i]];
                counts[cell] = counts[cell] + 1;
            }
        }
        const counted = { ...view, counts };
        let best;
        for (let feature = 0; feature < features; feature++) {
            const bins = this.#bins[feature];
            if (!looked(feature))
                continue;
            const floor = best?.score ?? minScore;
            const split = bins.kind === 'categorical'
                ? bestCategorySplit(feature, bins.bins, counted, node.sums, rules, floor)
                : bestCountedSplit(feature, bins.thresholds.length, counted, node.sums, rules, floor);
            if (split)
                best = split;
        }
        return best;
    }
    #markLeft(split) {
        const table = this.#at.goesLeft;
        if (split.leftBins) {
            this.#u8.set(split.leftBins, table);
            return;
        }
        this.#u8.fill(1, table, table + split.bin + 1);
        this.#u8.fill(0, table + split.bin + 1, table + binsPerFeature);
        this.#u8[table + missingBin] = split.missingLeft ? 1 : 0;
    }
    #partition(node, split) {
        const at = this.#at;
        this.#markLeft(split);
        return this.#kernels.partition(at.columns + split.feature * this.#count, at.rows + node.start * 4, node.sums.rows, at.goesLeft, at.scratch);
    }
    /** Writes the split in terms of values; where no missing value was seen, missing follows the larger side. */
    #record(builder, node, left, right, gainUnit, lambda) {
        const split = node.split;
        const bins = this.#bins[split.feature];
        const gain = (split.score - node.sums.g ** 2 / (node.sums.h + lambda)) * gainUnit;
        const sawMissing = bins.missing && this.#missingIn(node, split.feature);
        const missingLeft = sawMissing ? split.missingLeft : left.sums.rows >= right.sums.rows;
        if (bins.kind === 'numeric') {
            // The last bin has no upper edge: everything that is present goes left.
            const threshold = bins.thresholds[split.bin] ?? Number.POSITIVE_INFINITY;
            builder.split(node.id, { feature: split.feature, threshold, missingLeft, gain }, left.id, right.id);
            return;
        }
        const codes = [];
        bins.binOfCode.forEach((bin, code) => {
            if (bin === missingBin ? missingLeft : split.leftBins?.[bin] === 1)
                codes.push(code);
        });
        builder.split(node.id, { feature: split.feature, codes, missingLeft, gain }, left.id, right.id);
    }
    #missingIn(node, feature) {
        const column = this.#at.columns + feature * this.#count;
        const rows = (this.#at.rows >>> 2) + node.start;
        for (let i = 0; i < node.sums.rows; i++)
            if (this.#u8[column + this.#u32[rows + i]] === missingBin)
                return true;
        return false;
    }
}
