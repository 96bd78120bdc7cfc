/** The twin of both support vector classifiers: machines of two sides with Platt's sigmoid from the studio's own folds, each class against the rest, or pairs of classes coupled. */
import { plattRng } from '../../estimators/svm/platt.ts'
import { py } from './python.ts'

/** @param seed of the run. The lines know X, y, train, CLASSES and w, the weights of the training rows. */
const foldLines = (seed: number): string[] => [
  'X64 = X.astype(np.float64)',
  '',
  'def studio_folds(codes):',
  '    """Five folds as the studio deals them: each class shuffled by itself, by xoshiro128** from its own place."""',
  `    a, b, c, d = ${py([...plattRng(seed).place().subarray(0, 4)])}`,
  '    whole, fold = 0xFFFFFFFF, np.zeros(len(codes), int)',
  '    for code in np.unique(codes):',
  '        rows = np.flatnonzero(codes == code)',
  '        for i in range(len(rows) - 1, 0, -1):',
  '            draw = limit = 2**32 - 2**32 % (i + 1)',
  '            while draw >= limit:',
  '                scaled, shifted = b * 5 & whole, b << 9 & whole',
  '                draw = ((scaled << 7 | scaled >> 25) & whole) * 9 & whole',
  '                c, d = c ^ a, d ^ b',
  '                b, a = b ^ c, a ^ d',
  '                c, d = c ^ shifted, (d << 11 | d >> 21) & whole',
  '            j = draw % (i + 1)',
  '            rows[i], rows[j] = rows[j], rows[i]',
  '        fold[rows] = np.arange(len(rows)) % 5',
  '    return [(fold != f, fold == f) for f in range(5) if (fold == f).any()]',
  '',
]

/** @param machine Python that makes a machine */
const calibratedLines = (machine: string, seed: number): string[] => [
  ...foldLines(seed),
  'def platt(decisions, yes, w):',
  '    """Slope and offset of 1 / (1 + exp(slope d + offset)), on targets a little short of 0 and 1."""',
  '    wanted = np.where(yes, (w[yes].sum() + 1) / (w[yes].sum() + 2), 1 / (w[~yes].sum() + 2))',
  '    def loss(line):',
  '        z = line[0] * decisions + line[1]',
  '        slope = w * (wanted - expit(-z))',
  '        return w @ (np.logaddexp(0, z) - (1 - wanted) * z), [slope @ decisions, slope.sum()]',
  '    return minimize(loss, [0, np.log((w[~yes].sum() + 1) / (w[yes].sum() + 1))], jac=True, tol=1e-10).x',
  '',
  'def calibrated(X, yes, w):',
  '    """A machine, and the sigmoid of its decisions on rows that it did not see."""',
  '    decisions = np.zeros(len(yes))',
  '    for learn, ask in studio_folds(yes):',
  '        if yes[learn].all() or not yes[learn].any():',
  '            decisions[ask] = 1 if yes[learn].all() else -1',
  '        else:',
  `            decisions[ask] = ${machine}.fit(X[learn], yes[learn], w[learn]).decision_function(X[ask])`,
  `    return (${machine}.fit(X, yes, w), *platt(decisions, yes, w))`,
  '',
]

/** Of two classes one machine, with its sigmoid. */
export const sidesLines = (machine: string, seed: number): string[] => [
  ...calibratedLines(machine, seed),
  'machine, slope, offset = calibrated(X64[train], y[train] == 1, w)',
  '',
  'def answer(X):',
  '    share = expit(-(slope * machine.decision_function(X.astype(np.float64)) + offset))',
  '    return np.column_stack([1 - share, share])',
]

/** A machine a class against the rest; probabilities are a softmax of all decisions times one number. */
export const marginLines = (machine: string, seed: number): string[] => [
  ...foldLines(seed),
  'def machines_of(learn, w):',
  '    """One a class; None where the rows have one side alone."""',
  '    sides = [y[learn] == code for code in range(len(CLASSES))]',
  `    return [${machine}.fit(X64[learn], yes, w) if yes[w > 0].any() and not yes[w > 0].all() else None for yes in sides]`,
  '',
  'def decisions(machines, X):',
  '    return np.column_stack([np.full(len(X), -1.0) if machine is None else machine.decision_function(X) for machine in machines])',
  '',
  'unseen = np.zeros((len(train), len(CLASSES)))',
  'for learn, ask in studio_folds(y[train]):',
  '    unseen[ask] = decisions(machines_of(train[learn], w[learn]), X64[train[ask]])',
  '',
  '# Targets are a little short of 0 and 1; classes without rows have no say.',
  'totals = np.bincount(y[train], w, len(CLASSES))',
  'seen = np.flatnonzero(totals > 0)',
  'own = ((totals + 1) / (totals + 2))[y[train], None]',
  'wanted = np.where(y[train, None] == seen, own, (1 - own) / (len(seen) - 1))',
  'loss = lambda log_t: w @ (logsumexp(np.exp(log_t) * unseen[:, seen], axis=1) - np.exp(log_t) * (wanted * unseen[:, seen]).sum(axis=1))',
  'temperature = np.exp(minimize_scalar(loss, bounds=np.log([1e-6, 1e4]), method="bounded", options={"xatol": 1e-9}).x)',
  'machines = machines_of(train, w)',
  '',
  'def answer(X):',
  '    said = decisions(machines, X.astype(np.float64))',
  '    said[:, totals == 0] = -50 / temperature',
  '    return softmax(temperature * said, axis=1)',
]

/** A machine a pair of classes; all pairs are coupled (Wu, Lin & Weng 2004). */
export const pairLines = (machine: string, seed: number): string[] => [
  ...calibratedLines(machine, seed),
  'machines = []',
  'pairs = [(i, j) for i in range(len(CLASSES)) for j in range(i + 1, len(CLASSES))]',
  'for i, j in pairs:',
  '    rows = (y[train] == i) | (y[train] == j)',
  '    yes, part = y[train][rows] == i, w[rows]',
  '    first, second = (yes & (part > 0)).any(), (~yes & (part > 0)).any()',
  '    machines.append(calibrated(X64[train][rows], yes, part) if first and second else (None, 0, 50 * (int(second) - int(first))))',
  '',
  'def answer(X):',
  '    X = X.astype(np.float64)',
  '    says = np.zeros((len(X), len(CLASSES), len(CLASSES)))',
  '    for (i, j), (machine, slope, offset) in zip(pairs, machines):',
  '        sure = expit(-offset if machine is None else -(slope * machine.decision_function(X) + offset))',
  '        says[:, i, j] = np.clip(sure, 1e-7, 1 - 1e-7)',
  '        says[:, j, i] = 1 - says[:, i, j]',
  '    # The shares that fit all pairs best solve one set of linear equations a row.',
  '    system = 1 - says * says.transpose(0, 2, 1) + np.eye(len(CLASSES)) * (says**2).sum(axis=1)[:, None]',
  '    shares = np.maximum(np.linalg.solve(system, np.ones((len(X), len(CLASSES), 1)))[:, :, 0], 1e-12)',
  '    return shares / shares.sum(axis=1, keepdims=True)',
]
