/** The estimator of a twin: scikit-learn, XGBoost or PyTorch, one entry an estimator, with how near its scores come and why. */
import type { ParamValue } from '../../params.ts'
import type { Json } from '../../recipe/step.ts'
import { additive } from './additive.ts'
import { balanced, namesClasses as classes, rowsWeigh, type TwinEstimator, type TwinFit, type TwinModel } from './fit.ts'
import { marginLines, pairLines, sidesLines } from './margins.ts'
import { network, pictureNetwork } from './network.ts'
import { call, py } from './python.ts'
import { treeOfSets } from './tree.ts'

const rounding = 'the same optimum; rounding apart'
const exact = 1e-5
const chance = (what: string) => `${what} draws from another source of chance`
const orNone = (value: ParamValue | undefined): Json => (value === 0 ? null : (value as Json))

/** `model` fitted on the training rows, and what it answers. */
const fitted = (fit: TwinFit, made: string, { data = 'X', weights = false }: { data?: string; weights?: boolean } = {}): string[] => {
  const by = rowsWeigh(fit, weights)
  return [
    `model = ${made}`,
    `model.fit(${data}[train], y[train]${by === undefined ? '' : `, sample_weight=${by}`})`,
    `answer = lambda X: ${classes(fit) ? 'in_order(model, X)' : 'model.predict(X)'}`,
  ]
}
const sklearn = (fit: TwinFit, from: string, name: string, given: Readonly<Record<string, Json | undefined>>, close: Pick<TwinModel, 'tolerance' | 'because' | 'another'>, options: { data?: string; weights?: boolean } = {}): TwinModel => ({
  imports: [`from sklearn.${from} import ${name}`, ...(options.weights && balanced(fit) ? ['from sklearn.utils.class_weight import compute_sample_weight'] : [])],
  lines: [...(options.data === 'X64' ? ['X64 = X.astype(np.float64)'] : []), ...fitted(fit, call(name, given), options)],
  ...close,
})
const same = { tolerance: exact, because: rounding }
const double = { data: 'X64' }

const straight =
  (name: string, given: (params: TwinFit['params']) => Readonly<Record<string, Json>>, close = same): TwinEstimator =>
  (fit) =>
    sklearn(fit, 'linear_model', name, { ...given(fit.params), fit_intercept: fit.params['fitIntercept'] as Json }, close, double)
/** Where features repeat one another, rounding decides what LinearRegression makes of them. */
const leastSquares: TwinEstimator = (fit) => {
  if (fit.facts['fullRank'] !== false) return straight('LinearRegression', () => ({}))(fit)
  const center = fit.params['fitIntercept'] === true ? 'np.average(X64[train], axis=0, weights=w), np.average(y[train], weights=w)' : '0, 0'
  return {
    imports: [],
    lines: [
      '# Features repeat one another, as those of a one-hot encoding do: of all solutions the smallest.',
      'X64 = X.astype(np.float64)',
      `w = ${rowsWeigh(fit, false) ?? 'np.ones(len(train))'}`,
      `center, level = ${center}`,
      'root = np.sqrt(w)',
      'coefficients = np.linalg.pinv(root[:, None] * (X64[train] - center), rcond=1e-6) @ (root * (y[train] - level))',
      'answer = lambda X: (X - center) @ coefficients + level',
    ],
    tolerance: exact,
    because: rounding,
  }
}
const nearly = { tolerance: 1e-4, because: 'the same optimum; the studio stops at its own tolerance' }

const logistic: TwinEstimator = (fit) => {
  const { params: p } = fit
  const l2 = p['penalty'] === 'l2'
  // Near the optimum both stop at a small gradient; saga goes there in single steps.
  return sklearn(fit, 'linear_model', 'LogisticRegression', { C: p['C'] as Json, penalty: p['penalty'] as Json, l1_ratio: p['penalty'] === 'elasticnet' ? (p['l1Ratio'] as Json) : undefined, solver: l2 ? 'newton-cg' : 'saga', tol: l2 ? 1e-8 : 1e-6, max_iter: l2 ? 10_000 : 100_000, class_weight: balanced(fit), random_state: l2 ? undefined : fit.seed }, { tolerance: l2 ? exact : 1e-3, because: l2 ? rounding : 'the same optimum; saga stops short of it' }, double)
}

/** scikit-learn's trees know neither categories nor holes. */
const plainTable = (fit: TwinFit): string[] => ['# scikit-learn 1.2 splits categories as numbers and takes no holes: those become -1.', 'X = np.where(np.isnan(X), np.float32(-1), X)', ...(fit.categorical.length > 0 ? [`# Category codes: ${py(fit.categorical.map((f) => fit.features[f] ?? ''))}`] : [])]

const decisionTree: TwinEstimator = (fit) => {
  const own = treeOfSets(fit)
  if (own) return own
  const { params: p } = fit
  const name = classes(fit) ? 'DecisionTreeClassifier' : 'DecisionTreeRegressor'
  const model = sklearn(fit, 'tree', name, { max_depth: orNone(p['maxDepth']), min_samples_leaf: p['minSamplesLeaf'] as Json, min_samples_split: p['minSamplesSplit'] as Json, min_impurity_decrease: p['minImpurityDecrease'] as Json, criterion: classes(fit) ? (p['criterion'] as Json) : `${p['errorCriterion']}_error`, ccp_alpha: p['ccpAlpha'] as Json, class_weight: balanced(fit), random_state: fit.seed }, { tolerance: 0.06, because: 'the studio sends missing values to the better side; scikit-learn takes no holes, and breaks ties in another order' })
  return { ...model, lines: [...plainTable(fit), ...model.lines], another: true }
}

const forest =
  (kind: 'RandomForest' | 'ExtraTrees'): TwinEstimator =>
  (fit) => {
    const { params: p } = fit
    const of = p['maxFeatures'] === 'auto' ? (classes(fit) ? 'sqrt' : 'all') : p['maxFeatures']
    return sklearn(fit, 'ensemble', `${kind}${classes(fit) ? 'Classifier' : 'Regressor'}`, { n_estimators: p['nEstimators'] as Json, max_depth: orNone(p['maxDepth']), min_samples_leaf: p['minSamplesLeaf'] as Json, min_samples_split: p['minSamplesSplit'] as Json, min_impurity_decrease: p['minImpurityDecrease'] as Json, max_features: of === 'all' ? null : of === 'third' ? 1 / 3 : (of as Json), criterion: classes(fit) ? (p['criterion'] as Json) : undefined, bootstrap: p['bootstrap'] as Json, class_weight: balanced(fit), random_state: fit.seed }, { tolerance: 0.06, because: chance('a forest'), another: true })
  }

/** scikit-learn refuses more categories than bins; the studio groups the rarest. */
const fewerCategories = ({ categorical, params }: TwinFit): string[] => [
  `for f in ${py(categorical)}:`,
  '    # The rarest categories share the last bin; those without a training row count as missing.',
  '    codes, counts = np.unique(X[train, f][~np.isnan(X[train, f])], return_counts=True)',
  `    bins = {code: min(rank, ${Number(params['maxBins']) - 1}) for rank, code in enumerate(codes[np.lexsort((codes, -counts))])}`,
  '    X[:, f] = [bins.get(code, np.nan) for code in X[:, f]]',
]

/** @param rounds that the run kept */
const rareClass = (rounds: number): string[] => [
  'if np.unique(y[train], return_counts=True)[1].min() < 2:',
  '    # scikit-learn deals the rows that end it class by class, and cannot where a class has one row.',
  `    model.set_params(early_stopping=False, max_iter=${rounds})`,
]

/** Settings that only XGBoost has. */
const onlyXgboost: readonly (readonly [string, ParamValue])[] = [['subsample', 1], ['featuresPerTree', 1], ['maxFeatures', 1], ['l1Regularization', 0], ['growPolicy', 'leaf-wise']]
const boosting: TwinEstimator = (fit) => {
  const { params: p, task } = fit
  const because = 'bins of numbers are cut at other places, so that trees differ in detail'
  const isHeld = Number(fit.facts['heldBackRows'] ?? 0) > 0
  const rounds = Number(fit.facts['rounds'] ?? p['maxIter'])
  const stop = p['earlyStopping'] === 'auto' ? 'auto' : p['earlyStopping'] === 'on'
  const directions = p['monotonicCst'] ? (JSON.parse(String(p['monotonicCst'])) as Record<string, number>) : undefined
  const groups = p['interactionCst'] ? (JSON.parse(String(p['interactionCst'])) as string[][]).map((group) => group.map((name) => fit.features.indexOf(name))) : undefined
  if (onlyXgboost.every(([name, plain]) => p[name] === undefined || p[name] === plain)) {
    const loss = classes(fit) ? undefined : ({ squared: 'squared_error', absolute: 'absolute_error', quantile: 'quantile', poisson: 'poisson' } as Record<string, string>)[String(p['loss'])]
    const model = sklearn(
      fit,
      'ensemble',
      `HistGradientBoosting${classes(fit) ? 'Classifier' : 'Regressor'}`,
      { loss, quantile: loss === 'quantile' ? (p['quantile'] as Json) : undefined, learning_rate: p['learningRate'] as Json, max_iter: p['maxIter'] as Json, max_leaf_nodes: orNone(p['maxLeafNodes']), max_depth: orNone(p['maxDepth']), min_samples_leaf: p['minSamplesLeaf'] as Json, l2_regularization: p['l2Regularization'] as Json, max_bins: p['maxBins'] as Json, categorical_features: fit.categorical.length > 0 ? fit.categorical : undefined, monotonic_cst: directions && fit.features.map((name) => directions[name] ?? 0), interaction_cst: groups, early_stopping: stop, validation_fraction: p['validationFraction'] as Json, n_iter_no_change: p['nIterNoChange'] as Json, random_state: fit.seed },
      { tolerance: 0.05, because, another: true },
      { weights: true },
    )
    const [made = '', ...rest] = model.lines
    const lines = [made, ...(classes(fit) && isHeld ? rareClass(rounds) : []), ...rest]
    return { ...model, lines: fit.mostCategories > Number(p['maxBins']) ? [...fewerCategories(fit), ...lines] : lines }
  }
  const objective = { squared: 'reg:squarederror', absolute: 'reg:absoluteerror', quantile: 'reg:quantileerror', poisson: 'count:poisson' }[String(p['loss'])] as string
  const given = { n_estimators: isHeld ? rounds : (p['maxIter'] as Json), learning_rate: p['learningRate'] as Json, max_depth: p['maxDepth'] as Json, max_leaves: p['maxLeafNodes'] as Json, grow_policy: p['growPolicy'] === 'depth-wise' ? 'depthwise' : 'lossguide', reg_lambda: p['l2Regularization'] as Json, reg_alpha: p['l1Regularization'] as Json, subsample: p['subsample'] as Json, colsample_bytree: p['featuresPerTree'] as Json, colsample_bynode: p['maxFeatures'] as Json, max_bin: p['maxBins'] as Json, min_child_weight: task === 'regression' ? (p['minSamplesLeaf'] as Json) : 0, tree_method: 'hist', objective: classes(fit) ? undefined : objective, monotone_constraints: directions && `(${fit.features.map((name) => directions[name] ?? 0).join(',')})`, interaction_constraints: groups && JSON.stringify(groups), random_state: fit.seed, n_jobs: 1 }
  const name = classes(fit) ? 'XGBClassifier' : 'XGBRegressor'
  return { imports: [`from xgboost import ${name}`, ...(balanced(fit) ? ['from sklearn.utils.class_weight import compute_sample_weight'] : [])], lines: ['# Categories go in as their codes; XGBoost limits leaves by weight where the studio counts rows.', ...fitted(fit, call(name, given), { weights: true })], tolerance: 0.06, because: `${because}, and XGBoost draws rows and features from another source of chance`, another: true }
}

const nearestFirst = { tolerance: 0.03, because: 'of rows that are equally far, scikit-learn may take another' }
const neighbours: TwinEstimator = (fit) => {
  const { params: p } = fit
  const by = rowsWeigh(fit, true)
  if (by === undefined) return sklearn(fit, 'neighbors', classes(fit) ? 'KNeighborsClassifier' : 'KNeighborsRegressor', { n_neighbors: p['nNeighbors'] as Json, weights: p['weights'] as Json, algorithm: 'brute' }, nearestFirst, double)
  // scikit-learn's neighbours all have one vote.
  return {
    imports: ['from sklearn.neighbors import NearestNeighbors', ...(balanced(fit) ? ['from sklearn.utils.class_weight import compute_sample_weight'] : [])],
    lines: [
      `w = ${by}`,
      'voters, w = train[w > 0], w[w > 0]',
      `near = NearestNeighbors(n_neighbors=min(${p['nNeighbors']}, len(voters)), algorithm="brute").fit(X[voters].astype(np.float64))`,
      '',
      'def answer(X):',
      '    far, rows = near.kneighbors(X.astype(np.float64))',
      '    votes = w[rows]',
      ...(p['weights'] === 'distance' ? ['    same = (far == 0).any(axis=1, keepdims=True)', '    votes = votes * np.where(same, far == 0, 1 / np.where(far == 0, 1, far))'] : []),
      '    votes = votes / votes.sum(axis=1, keepdims=True)',
      ...(classes(fit) ? ['    return np.stack([(votes * (y[voters][rows] == code)).sum(axis=1) for code in range(len(CLASSES))], axis=1)'] : ['    return (votes * y[voters][rows]).sum(axis=1)']),
    ],
    ...nearestFirst,
  }
}

const bayes =
  (name: string, given: (params: TwinFit['params']) => Readonly<Record<string, Json>>): TwinEstimator =>
  (fit) =>
    ({ ...sklearn(fit, 'naive_bayes', name, given(fit.params), { tolerance: exact, because: `${rounding}; the ROC AUC within 0.02, where the last bit of a probability of 1 decides its rank` }, { ...double, weights: true }), ranks: 0.02 })

/** Probabilities, by the studio's own folds. @param machine without weights: they are given to each fit */
const calibrated = (fit: TwinFit, kind: 'LinearSVC' | 'SVC', machine: string): TwinModel => ({
  imports: ['from scipy.optimize import minimize, minimize_scalar', 'from scipy.special import expit, logsumexp, softmax', ...(balanced(fit) ? ['from sklearn.utils.class_weight import compute_sample_weight'] : []), `from sklearn.svm import ${kind}`],
  lines: [`w = ${rowsWeigh(fit, true) ?? 'np.ones(len(train))'}`, ...(fit.task === 'binary' ? sidesLines : kind === 'SVC' ? pairLines : marginLines)(machine, fit.seed)],
  tolerance: kind === 'SVC' ? 0.005 : 1e-4,
  because: 'the same machines, folds and sigmoids; both stop a little short of the optimum',
})
const linearSvm: TwinEstimator = (fit) => {
  const { params: p } = fit
  if (!classes(fit)) return sklearn(fit, 'svm', 'LinearSVR', { C: p['C'] as Json, epsilon: p['epsilon'] as Json, loss: 'squared_epsilon_insensitive', tol: 1e-8, max_iter: 1_000_000, random_state: fit.seed }, { tolerance: 1e-3, because: rounding }, double)
  return calibrated(fit, 'LinearSVC', call('LinearSVC', { C: p['C'] as Json, penalty: p['penalty'] as Json, dual: false, tol: 1e-8, max_iter: 1_000_000 }))
}
const svm: TwinEstimator = (fit) => {
  const { params: p } = fit
  const gamma = p['gamma'] === 0 ? '1 / (X.shape[1] * X[train].astype(np.float64).var())' : py(p['gamma'] as Json)
  const made = (kind: string, more: Readonly<Record<string, Json>>): string => `${call(kind, { kernel: p['kernel'] as Json, C: p['C'] as Json, tol: p['tol'] as Json, ...more }).slice(0, -1)}, gamma=gamma)`
  const model = classes(fit)
    ? calibrated(fit, 'SVC', made('SVC', {}))
    : { imports: ['from sklearn.svm import SVR'], lines: ['X64 = X.astype(np.float64)', ...fitted(fit, made('SVR', { epsilon: p['epsilon'] as Json }), double)], tolerance: 1e-3, because: 'both stop where no pair breaks the conditions by more than tol' }
  return { ...model, lines: [`gamma = ${gamma}`, ...model.lines] }
}

export const twinModels: ReadonlyMap<string, TwinEstimator> = new Map([
  ['baseline', (fit) => sklearn(fit, 'dummy', classes(fit) ? 'DummyClassifier' : 'DummyRegressor', { strategy: classes(fit) ? 'prior' : 'mean' }, same)],
  ['linear-regression', leastSquares],
  ['ridge', straight('Ridge', (p) => ({ alpha: p['alpha'] as Json, solver: 'svd' }))],
  ['lasso', straight('Lasso', (p) => ({ alpha: p['alpha'] as Json, tol: 1e-10, max_iter: 1_000_000 }), nearly)],
  ['elastic-net', straight('ElasticNet', (p) => ({ alpha: p['alpha'] as Json, l1_ratio: p['l1Ratio'] as Json, tol: 1e-10, max_iter: 1_000_000 }), nearly)],
  ['logistic-regression', logistic],
  ['decision-tree', decisionTree],
  ['random-forest', forest('RandomForest')],
  ['extra-trees', forest('ExtraTrees')],
  ['hist-gradient-boosting', boosting],
  ['explainable-boosting', additive],
  ['k-neighbors', neighbours],
  ['gaussian-nb', bayes('GaussianNB', (p) => ({ var_smoothing: p['varSmoothing'] as Json }))],
  ['multinomial-nb', bayes('MultinomialNB', (p) => ({ alpha: p['alpha'] as Json, fit_prior: p['fitPrior'] as Json }))],
  ['bernoulli-nb', bayes('BernoulliNB', (p) => ({ alpha: p['alpha'] as Json, binarize: Math.fround(p['binarize'] as number), fit_prior: p['fitPrior'] as Json }))],
  ['linear-svm', linearSvm],
  ['svm', svm],
  ['mlp', network],
  ['cnn', pictureNetwork],
] satisfies [string, TwinEstimator][])
