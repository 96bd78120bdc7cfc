/** Categories that occur, by code unit order, so that the order of rows and dictionaries does not matter. */
export function countCategories({ codes, dictionary }) {
    const byCode = new Float64Array(dictionary.length);
    let missing = 0;
    for (const code of codes) {
        if (code < 0)
            missing++;
        else
            byCode[code] = byCode[code] + 1;
    }
    const counts = new Map();
    dictionary.forEach((name, code) => byCode[code] > 0 && counts.set(name, byCode[code]));
    const names = [...counts.keys()].sort((a, b) => (a < b ? -1 : 1));
    return { names, counts, missing, rows: codes.length };
}
/** Most frequent first; of equals by code unit. */
export const byFrequency = ({ names, counts }) => [...names].sort((a, b) => counts.get(b) - counts.get(a) || (a < b ? -1 : 1));
