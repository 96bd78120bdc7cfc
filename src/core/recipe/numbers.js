/** Order statistics over the values that are there. */
/** The values that are not missing. */
export const finite = (values) => values.filter((value) => !Number.isNaN(value));
/** Quantile by linear interpolation (numpy's default). @param sorted ascending, not empty @param q in [0, 1] */
export function quantileOf(sorted, q) {
    const at = (sorted.length - 1) * q;
    const low = Math.floor(at);
    const a = sorted[low];
    const b = sorted[Math.min(low + 1, sorted.length - 1)];
    return a + (b - a) * (at - low);
}
export const medianOf = (values) => quantileOf(Float32Array.from(values).sort(), 0.5);
