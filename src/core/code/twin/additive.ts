/**
 * The twin of explainable boosting, step by step in numpy: no library grows these curves in turn, in bags, with
 * rows of the bag held out. Its bags are the run's own, so what remains is rounding.
 */
import type { Json } from '../../recipe/step.ts'
import { chanceLines } from './chance.ts'
import { balanced, namesClasses, rowsWeigh, type TwinEstimator } from './fit.ts'
import { py } from './python.ts'

/** As the estimator has them: cells of a pair, features that may form pairs, rows from which some are held out, and their share. */
const pairCells = 32
const pairFeatures = 40
const heldOutFrom = 40
const heldOutShare = 0.15

const cellLines = [
  'def cuts_of(values, most):',
  '    """Where cells end: about as many rows in each, and a value that would fill one alone has one to itself."""',
  '    values, counts = np.unique(values, return_counts=True)',
  '    edges = list(range(len(values) - 1))',
  '    if len(values) > most:',
  '        heavy = counts >= counts.sum() / most',
  '        cells, rows, inside, edges = most - heavy.sum(), counts[~heavy].sum(), 0, []',
  '        share = rows / max(1, cells)',
  '        for i in range(len(values) - 1):',
  '            if len(edges) >= most - 1:',
  '                break',
  '            inside += counts[i]',
  '            rows -= 0 if heavy[i] else counts[i]',
  '            if not heavy[i] and inside < share and not (heavy[i + 1] and inside >= share / 2):',
  '                continue',
  '            edges.append(i)',
  '            inside = 0',
  '            if not heavy[i]:',
  '                cells -= 1',
  '                share = rows / max(1, cells)',
  '    low, high = values[:-1][edges], values[1:][edges]',
  '    middle = (low.astype(np.float64) / 2 + high.astype(np.float64) / 2).astype(np.float32)',
  '    return np.where((middle >= low) & (middle < high), middle, low)',
  '',
  'def axis(f, most):',
  '    """What puts values of a feature into cells, how many there are, and whether they lie in no order. The last is for what is missing."""',
  '    seen = X[train, f][w > 0]',
  '    seen = seen[~np.isnan(seen)]',
  '    if f in CATEGORICAL:',
  '        codes, counts = np.unique(seen, return_counts=True)',
  '        codes = codes[np.lexsort((codes, -counts))] if len(codes) > MAX_BINS else codes',
  '        cells = min(len(codes), MAX_BINS, most)',
  '        place = {code: min(rank, cells - 1) for rank, code in enumerate(codes)}',
  '        return lambda values: np.array([place.get(value, cells) for value in values]), cells + 1, True',
  '    cuts = cuts_of(seen, MAX_BINS)',
  '    kept = min(len(cuts), most - 1)',
  '    cuts = cuts[[(i + 1) * (len(cuts) + 1) // (kept + 1) - 1 for i in range(kept)]]',
  '    return lambda values: np.where(np.isnan(values), kept + 1, np.searchsorted(cuts, values)), kept + 2, False',
]

const stepLines = [
  'def gain_of(g, h):',
  '    return g * g / np.maximum(h, 1e-3)',
  '',
  'def line(g, h, n, order):',
  '    """A step of a curve: the best cuts of its cells, and what Newton says between them."""',
  '    g, h, n, leaves = g[order], h[order], n[order], [(0, len(order))]',
  '    while len(leaves) < LEAVES:',
  '        best, chosen = 1e-12, None',
  '        for at, (a, b) in enumerate(leaves):',
  '            lg, lh, ln = g[a:b].cumsum(), h[a:b].cumsum(), n[a:b].cumsum()',
  '            gain = gain_of(lg, lh) + gain_of(lg[-1] - lg, lh[-1] - lh) - gain_of(lg[-1], lh[-1])',
  '            gain[(n[a:b] == 0) | (ln < ROWS_OF_LEAF) | (ln[-1] - ln < ROWS_OF_LEAF)] = 0',
  '            gain[-1] = 0',
  '            cut = gain.argmax()',
  '            if gain[cut] > best:',
  '                best, chosen = gain[cut], (at, a + cut + 1)',
  '        if chosen is None:',
  '            break',
  '        at, cut = chosen',
  '        leaves[at:at + 1] = [(leaves[at][0], cut), (cut, leaves[at][1])]',
  '    update = np.zeros(len(order))',
  '    for a, b in leaves:',
  '        update[order[a:b]] = -g[a:b].cumsum()[-1] / max(h[a:b].cumsum()[-1], 1e-3)',
  '    return update',
  '',
  'def quarters(values, shape):',
  '    sums = values.reshape(shape).cumsum(1).cumsum(0)',
  '    a, b, d, whole = sums[:-1, :-1], sums[:-1, -1:], sums[-1:, :-1], sums[-1, -1]',
  '    return a, b - a, d - a, whole - b - d + a',
  '',
  'def cross(g, h, n, shape):',
  '    """The best cut of a grid into four: what it gains, and the step of each cell."""',
  '    G, H, N = quarters(g, shape), quarters(h, shape), quarters(n, shape)',
  '    gain = sum(gain_of(a, b) for a, b in zip(G, H)) - gain_of(g.sum(), h.sum())',
  '    gain[np.minimum.reduce(N) < ROWS_OF_LEAF] = 0',
  '    r, c = np.unravel_index(gain.argmax(), gain.shape)',
  '    update = np.zeros(shape)',
  '    if gain[r, c] > 0:',
  '        for q, part in enumerate([update[:r + 1, :c + 1], update[:r + 1, c + 1:], update[r + 1:, :c + 1], update[r + 1:, c + 1:]]):',
  '            part[:] = -G[q][r, c] / max(H[q][r, c], 1e-3)',
  '    return max(gain[r, c], 0), update.ravel()',
]

const boostLines = [
  'def sums(cells, size, g, h):',
  '    return np.bincount(cells, g, size), np.bincount(cells, h, size), np.bincount(cells, minlength=size)',
  '',
  'def boost(terms, raw, learn, judge):',
  '    """Terms take turns, each a small step; the tables of the round that held-out rows like best."""',
  '    tables = [np.zeros((len(raw), size)) for _, size, _ in terms]',
  '    g, h, _ = slopes(raw[:, learn], learn)',
  '    best, best_round = [table.copy() for table in tables], 0',
  '    best_loss = slopes(raw[:, judge], judge)[2] if len(judge) else np.inf',
  '    inside = [cells[learn] for cells, _, _ in terms]',
  '    for turn in range(1, ROUNDS + 1):',
  '        for t, (cells, size, shape) in enumerate(terms):',
  '            for o in range(len(raw)):',
  '                G, H, N = sums(inside[t], size, g[o], h[o])',
  '                if isinstance(shape, tuple):',
  '                    step = RATE * cross(G, H, N, shape)[1]',
  '                else:',
  '                    order = np.argsort(np.where(N > 0, G / np.maximum(H, 1e-12), 0), kind="stable") if shape else np.r_[size - 1, 0:size - 1]',
  '                    step = RATE * line(G, H, N, order)',
  '                tables[t][o] += step',
  '                raw[o] += step[cells]',
  '            g, h, loss = slopes(raw[:, learn], learn)',
  '        if len(judge):',
  '            loss = slopes(raw[:, judge], judge)[2]',
  '        if loss < best_loss:',
  '            best, best_round, best_loss = [table.copy() for table in tables], turn, loss',
  '        if turn - best_round >= PATIENCE:',
  '            break',
  '    return best',
]

const fitLines = [
  'used = np.flatnonzero(w > 0)',
  'held = int(len(used) * HELD_OUT) if len(used) >= HELD_OUT_FROM else 0',
  'chance = Chance(SEED, "bags")',
  'bags = [(np.sort(mixed[held:]), np.sort(mixed[:held])) for mixed in (np.array(chance.shuffled(used)) for _ in range(BAGS))]',
  'axes = [axis(f, MAX_BINS) for f in range(X.shape[1])]',
  'curves = [(cut(X[train, f]), size, free) for f, (cut, size, free) in enumerate(axes)]',
  'sum_of = lambda terms, tables: base[:, None] + sum(table[:, cells] for (cells, _, _), table in zip(terms, tables))',
  'fits = [boost(curves, sum_of([], []) + np.zeros((len(base), len(train))), learn, judge) for learn, judge in bags]',
  'raws = [sum_of(curves, tables) for tables in fits]',
  '',
  '# Pairs are ranked by what the best cut of each explains of what the curves leave.',
  'small = [axis(f, PAIR_CELLS) for f in range(X.shape[1])]',
  'able = [f for f, (_, size, _) in enumerate(small) if size > 2][:PAIR_FEATURES]',
  'found, left = [], [slopes(raw[:, learn], learn) for raw, (learn, _) in zip(raws, bags)]',
  'grid = lambda a, b, rows: (small[a][0](rows[:, a]) * small[b][1] + small[b][0](rows[:, b]), small[a][1] * small[b][1], (small[a][1], small[b][1]))',
  'for i, a in enumerate(able if PAIRS > 0 else []):',
  '    for b in able[i + 1:]:',
  '        cells, size, shape = grid(a, b, X[train])',
  '        gain = sum(cross(*sums(cells[learn], size, g[o], h[o]), shape)[0] for (learn, _), (g, h, _) in zip(bags, left) for o in range(len(base)))',
  '        found += [(-gain, len(found), a, b)] if gain > 0 else []',
  'pairs = [(a, b) for _, _, a, b in sorted(found)[:PAIRS]]',
  'if pairs:',
  '    # Curves take turns with the grids, on top of what they learnt alone.',
  '    terms = curves + [grid(a, b, X[train]) for a, b in pairs]',
  '    for bag, (learn, judge) in enumerate(bags):',
  '        more = boost(terms, raws[bag], learn, judge)',
  '        fits[bag] = [old + new for old, new in zip(fits[bag], more)] + more[len(curves):]',
  'means = [sum(tables) / BAGS for tables in zip(*fits)]',
  '',
  'def answer(X):',
  '    terms = [(cut(X[:, f]), size, free) for f, (cut, size, free) in enumerate(axes)] + [grid(a, b, X) for a, b in pairs]',
  '    raw = sum_of(terms, means)',
]

export const additive: TwinEstimator = (fit) => {
  const { params: p, task } = fit
  const by = rowsWeigh(fit, true)
  const slopes =
    task === 'regression'
      ? ['def slopes(raw, rows):', '    error, v = raw[0] - Y[rows], w[rows]', '    return (v * error)[None], v[None], (v * error * error).sum() / v.sum()']
      : task === 'binary'
        ? ['def slopes(raw, rows):', '    v, p = w[rows], expit(raw[0])', '    loss = np.logaddexp(0, np.where(Y[rows] == 1, -raw[0], raw[0]))', '    return (v * (p - Y[rows]))[None], (v * p * (1 - p))[None], (v * loss).sum() / v.sum()']
        : ['def slopes(raw, rows):', '    v, p = w[rows], softmax(raw, axis=0)', '    true = np.arange(len(raw))[:, None] == Y[rows]', '    return v * (p - true), v * p * (1 - p), (v * (logsumexp(raw, axis=0) - raw[Y[rows], np.arange(len(rows))])).sum() / v.sum()']
  const base = task === 'regression' ? ['base = np.array([(w * Y).sum() / w.sum()])'] : ['shares = np.clip(np.bincount(Y, w, len(CLASSES)) / w.sum(), 1e-6, 1 - 1e-6)', `base = ${task === 'binary' ? 'np.log(shares[1:] / (1 - shares[1:]))' : 'np.log(shares)'}`]
  const link = task === 'regression' ? ['    return raw[0]'] : task === 'binary' ? ['    return np.column_stack([expit(-raw[0]), expit(raw[0])])'] : ['    return softmax(raw, axis=0).T']
  const numbers: readonly (readonly [string, Json])[] = [['RATE', p['learningRate'] as Json], ['ROUNDS', p['maxIter'] as Json], ['PATIENCE', p['nIterNoChange'] as Json], ['BAGS', p['outerBags'] as Json], ['PAIRS', p['interactions'] as Json], ['LEAVES', p['maxLeafNodes'] as Json], ['ROWS_OF_LEAF', p['minSamplesLeaf'] as Json], ['MAX_BINS', p['maxBins'] as Json], ['PAIR_CELLS', pairCells], ['PAIR_FEATURES', pairFeatures], ['HELD_OUT', heldOutShare], ['HELD_OUT_FROM', heldOutFrom], ['CATEGORICAL', fit.categorical]]
  return {
    imports: ['import math', ...(task === 'binary' ? ['from scipy.special import expit'] : task === 'multiclass' ? ['from scipy.special import logsumexp, softmax'] : []), ...(namesClasses(fit) && balanced(fit) ? ['from sklearn.utils.class_weight import compute_sample_weight'] : [])],
    lines: [
      '# Explainable boosting (Lou, Caruana, Gehrke & Hooker 2013), as the studio does it.',
      ...numbers.map(([name, value]) => `${name} = ${py(value)}`),
      `w = ${by ?? 'np.ones(len(train))'}`,
      'Y = y[train]',
      ...base,
      '',
      ...chanceLines,
      '',
      ...cellLines,
      '',
      ...slopes,
      '',
      ...stepLines,
      '',
      ...boostLines,
      '',
      ...fitLines,
      ...link,
    ],
    tolerance: 0.001,
    because: 'the same bags, cells and steps; where two cuts are equal but for rounding, another one may be taken',
  }
}
