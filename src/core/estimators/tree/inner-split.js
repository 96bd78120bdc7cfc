import { shuffle } from '../../math/rng.ts';
/** Random, and for classes the same share of each class, rounded. @param share in (0, 1) */
export function innerSplit(y, rows, share, rng) {
    const held = new Uint8Array(rows);
    const groups = new Map();
    for (let row = 0; row < rows; row++) {
        const group = y.task === 'regression' ? 0 : y.codes[row];
        const members = groups.get(group);
        if (members)
            members.push(row);
        else
            groups.set(group, [row]);
    }
    for (const group of [...groups.keys()].sort((a, b) => a - b)) {
        const members = shuffle(Uint32Array.from(groups.get(group)), rng);
        for (let i = 0; i < Math.round(members.length * share); i++)
            held[members[i]] = 1;
    }
    const all = Uint32Array.from({ length: rows }, (_, row) => row);
    return { learn: all.filter((row) => held[row] === 0), judge: all.filter((row) => held[row] === 1) };
}
