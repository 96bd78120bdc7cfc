/**
 * Decision trees as flat arrays, one entry a node, all trees of a model end to end. A node sends a row
 * left where `value <= threshold` in float32, where its category is in the node's set, or, for a
 * missing value, where `missingLeft` says so. This is the form that is stored, drawn and exported.
 */
import { StudioError } from '../../errors.ts';
export const treeCount = (trees) => trees.start.length - 1;
/** Which side of a split a value takes. */
export function goesLeft(trees, node, x) {
    if (x <= trees.threshold[node])
        return true;
    if (x !== x)
        return trees.missingLeft[node] === 1;
    const set = trees.set[node];
    if (set < 0)
        return false;
    const word = trees.setStart[set] + (x >> 5);
    return word < trees.setStart[set + 1] && ((trees.setBits[word] >>> (x & 31)) & 1) === 1;
}
/** Category codes of a set, ascending. */
export function codesOfSet(trees, set) {
    const from = trees.setStart[set];
    const codes = [];
    for (let word = from; word < trees.setStart[set + 1]; word++) {
        for (let bit = 0; bit < 32; bit++)
            if ((trees.setBits[word] >>> bit) & 1)
                codes.push((word - from) * 32 + bit);
    }
    return codes;
}
/** Grows the arrays node by node. */
export class TreesBuilder {
    #outputs;
    #width;
    #start = [0];
    #target = [];
    #feature = [];
    #threshold = [];
    #left = [];
    #right = [];
    #missingLeft = [];
    #set = [];
    #setStart = [0];
    #setBits = [];
    #value = [];
    #cover = [];
    #gain = [];
    constructor(outputs, width) {
        this.#outputs = outputs;
        this.#width = width;
    }
    get trees() {
        return this.#target.length;
    }
    /** Adds a leaf and returns its number; `values` has one entry a width. */
    addNode(cover, values) {
        const node = this.#feature.length;
        this.#feature.push(-1);
        this.#threshold.push(Number.NaN);
        this.#left.push(0);
        this.#right.push(0);
        this.#missingLeft.push(0);
        this.#set.push(-1);
        this.#cover.push(cover);
        this.#gain.push(0);
        for (let i = 0; i < this.#width; i++)
            this.#value.push(values[i] ?? 0);
        return node;
    }
    setValue(node, value) {
        this.#value[node * this.#width] = value;
    }
    valueOf(node) {
        return this.#value[node * this.#width];
    }
    /** Turns a leaf into an inner node. */
    split(node, split, left, right) {
        this.#feature[node] = split.feature;
        this.#missingLeft[node] = split.missingLeft ? 1 : 0;
        this.#gain[node] = split.gain;
        this.#left[node] = left;
        this.#right[node] = right;
        if ('threshold' in split) {
            this.#threshold[node] = split.threshold;
            return;
        }
        const words = new Uint32Array((split.codes.reduce((most, code) => Math.max(most, code), 0) >> 5) + 1);
        for (const code of split.codes)
            words[code >> 5] = words[code >> 5] | (1 << (code & 31));
        this.#set[node] = this.#setStart.length - 1;
        for (const word of words)
            this.#setBits.push(word);
        this.#setStart.push(this.#setBits.length);
    }
    /** The right child of a node whose left subtree had to be numbered first. */
    setRight(node, right) {
        this.#right[node] = right;
    }
    endTree(target = 0) {
        this.#target.push(target);
        this.#start.push(this.#feature.length);
    }
    /** The trees from number `from` up to, but not including, number `to`. */
    build(from = 0, to = this.trees) {
        const first = this.#start[from];
        const nodes = this.#start[to];
        const children = (links) => Int32Array.from(links.slice(first, nodes), (child) => (child === 0 ? 0 : child - first));
        return {
            outputs: this.#outputs,
            width: this.#width,
            start: Int32Array.from(this.#start.slice(from, to + 1), (node) => node - first),
            target: Int32Array.from(this.#target.slice(from, to)),
            feature: Int32Array.from(this.#feature.slice(first, nodes)),
            threshold: Float32Array.from(this.#threshold.slice(first, nodes)),
            left: children(this.#left),
            right: children(this.#right),
            missingLeft: Uint8Array.from(this.#missingLeft.slice(first, nodes)),
            set: Int32Array.from(this.#set.slice(first, nodes)),
            setStart: Int32Array.from(this.#setStart),
            setBits: Uint32Array.from(this.#setBits),
            value: Float64Array.from(this.#value.slice(first * this.#width, nodes * this.#width)),
            cover: Float64Array.from(this.#cover.slice(first, nodes)),
            gain: Float64Array.from(this.#gain.slice(first, nodes)),
        };
    }
}
/** Shares of the total gain by feature, summing to 1; zeros where no tree splits. */
export function gainImportance(trees, features) {
    const shares = new Float64Array(features);
    let total = 0;
    for (let node = 0; node < trees.feature.length; node++) {
        const feature = trees.feature[node];
        if (feature < 0)
            continue;
        shares[feature] = shares[feature] + trees.gain[node];
        total += trees.gain[node];
    }
    return total > 0 ? shares.map((share) => share / total) : shares;
}
const fields = {
    start: Int32Array, target: Int32Array, feature: Int32Array, threshold: Float32Array, left: Int32Array, right: Int32Array, missingLeft: Uint8Array,
    set: Int32Array, setStart: Int32Array, setBits: Uint32Array, value: Float64Array, cover: Float64Array, gain: Float64Array,
};
export function treesToState(trees) {
    return {
        json: { outputs: trees.outputs, width: trees.width },
        arrays: Object.fromEntries(Object.keys(fields).map((name) => [name, trees[name]])),
    };
}
/** @throws StudioError bundle-mismatch where the arrays do not describe trees: every child lies after its parent, within its tree */
export function treesFromState(owner, json, arrays) {
    const refuse = (what) => {
        throw new StudioError({ code: 'bundle-mismatch', message: `invalid state of ${owner}; ${what}` });
    };
    const { outputs, width } = json;
    if (typeof outputs !== 'number' || typeof width !== 'number' || !(outputs >= 1) || (width !== 1 && width !== outputs))
        refuse(`outputs and width do not fit: ${String(outputs)}, ${String(width)}`);
    for (const [name, type] of Object.entries(fields))
        if (!(arrays[name] instanceof type))
            refuse(`missing or mistyped array: ${name}`);
    const trees = { outputs, width, ...arrays };
    const nodes = trees.feature.length;
    for (const name of ['threshold', 'left', 'right', 'missingLeft', 'set', 'cover', 'gain'])
        if (trees[name].length !== nodes)
            refuse(`array of ${trees[name].length} instead of ${nodes}: ${name}`);
    if (trees.value.length !== nodes * trees.width)
        refuse(`array of ${trees.value.length} instead of ${nodes * trees.width}: value`);
    if (trees.start.length < 2 || trees.target.length !== treeCount(trees) || trees.start[0] !== 0 || trees.start[treeCount(trees)] !== nodes)
        refuse('trees do not cover the nodes');
    for (let tree = 0; tree < treeCount(trees); tree++) {
        const target = trees.target[tree];
        const end = trees.start[tree + 1];
        if (!(target >= 0 && target < trees.outputs) || end <= trees.start[tree])
            refuse(`tree out of range: ${tree}`);
        for (let node = trees.start[tree]; node < end; node++) {
            if (trees.feature[node] < 0)
                continue;
            const inside = (child) => child > node && child < end;
            if (!inside(trees.left[node]) || !inside(trees.right[node]))
                refuse(`child out of range at node ${node}`);
            if (trees.set[node] >= trees.setStart.length - 1)
                refuse(`category set out of range at node ${node}`);
        }
    }
    return trees;
}
