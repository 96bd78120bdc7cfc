/**
 * The twin of both networks in PyTorch: the run's own first weights, batches, rows that stop it, and numbers that
 * dropout leaves out, so that only the rounding of long sums is apart, which training makes larger step by step.
 */
import { planNetwork, hasStillBiases, parseLayers, type LayerSpec } from '../../estimators/neural/layer-table.ts'
import { momentum, epsilon } from '../../estimators/neural/layers/batch-norm.ts'
import { pads, type Padding } from '../../estimators/neural/layers/frame.ts'
import type { PictureShape } from '../../data/matrix.ts'
import { augmentLines } from './augment.ts'
import { chanceLines } from './chance.ts'
import { balanced, namesClasses, rowsWeigh, type TwinEstimator, type TwinFit, type TwinModel } from './fit.ts'

const bends: Readonly<Record<string, string>> = { relu: 'ReLU', tanh: 'Tanh', logistic: 'Sigmoid' }
const bend = (name: unknown): string[] => (name === 'none' ? [] : [`torch.nn.${bends[String(name)]}()`])

/** Epochs at most: a person who stopped it meant what had been learnt by then. */
const epochsOf = ({ params, facts }: TwinFit): number => (facts['stoppedBecause'] === 'stopped by you' && typeof facts['epochs'] === 'number' ? facts['epochs'] : Number(params['maxIter']))

/** Weighted rows, the wanted outputs and the loss of every row. */
function lossLines(fit: TwinFit): string[] {
  const by = rowsWeigh(fit, namesClasses(fit))
  return [
    ...(by === undefined ? ['counts = torch.ones(len(train))'] : [`counts = ${by}`, 'counts = torch.from_numpy((counts / counts.mean()).astype(np.float32))']),
    ...(namesClasses(fit)
      ? ['wanted = torch.from_numpy(y[train].astype(np.int64))', 'losses = lambda out, rows: torch.nn.functional.cross_entropy(out, wanted[rows], reduction="none") * counts[rows]']
      : [
          'center = np.average(y[train], weights=counts.numpy())',
          'spread = np.average((y[train] - center) ** 2, weights=counts.numpy()) ** 0.5 or 1.0',
          'wanted = torch.from_numpy(((y[train] - center) / spread).astype(np.float32))',
          'losses = lambda out, rows: (out[:, 0] - wanted[rows]) ** 2 / 2 * counts[rows]',
        ]),
  ]
}

interface Training {
  /** Python of what the net gets of these rows to learn from. */
  readonly learns: string
  /** Before each step, which is `step`. */
  readonly each: readonly string[]
  readonly tol: number
}

/** Knows net, inputs, wanted and losses; leaves net with the best weights. */
const trainingLines = (fit: TwinFit, { learns, each, tol }: Training): string[] => {
  const { params: p } = fit
  // PyTorch's job of a table mixes by NumPy's chance, that of pictures by the studio's.
  const isJob = fit.facts['trainedElsewhere'] !== undefined && fit.picture === undefined
  return [
    `batch, alpha = ${p['batchSize']}, ${p['alpha']}`,
    'kernels = [layer.weight for layer in net.modules() if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear))]',
    'others = [parameter for parameter in net.parameters() if not any(parameter is kernel for kernel in kernels)]',
    `optimiser = torch.optim.Adam([{"params": kernels}, {"params": others}], lr=${p['learningRateInit']})`,
    isJob ? 'order = np.random.default_rng([SEED, 0]).permutation(len(train))' : 'order = Chance(SEED, "inner split").shuffled(range(len(train)))',
    p['earlyStopping'] === true ? `aside = max(1, int(len(train) * ${p['validationFraction']} + 0.5)) if len(train) >= 20 else 0` : 'aside = 0',
    'held, learn = order[:aside], order[aside:]',
    'best, best_loss, stale, step = copy.deepcopy(net.state_dict()), float("inf"), 0, 0',
    `for epoch in range(${epochsOf(fit)}):`,
    `    mixed, judged = ${isJob ? 'learn[np.random.default_rng([SEED, 1 + epoch]).permutation(len(learn))]' : 'Chance(SEED, f"epoch {epoch}").shuffled(learn)'}, 0.0`,
    '    net.train()',
    '    for start in range(0, len(mixed), batch):',
    '        rows, step = mixed[start:start + batch], step + 1',
    ...each.map((line) => `        ${line}`),
    '        optimiser.param_groups[0]["weight_decay"] = alpha / len(rows)',
    '        optimiser.zero_grad()',
    `        loss = losses(net(${learns}), rows).mean()`,
    '        loss.backward()',
    '        optimiser.step()',
    '        judged += loss.item() * len(rows) / len(mixed)',
    '    net.eval()',
    '    if len(held) > 0:',
    '        with torch.no_grad():',
    '            judged = sum(losses(net(inputs[held[i:i + 256]]), held[i:i + 256]).sum().item() for i in range(0, len(held), 256)) / len(held)',
    `    stale = 0 if judged < best_loss - ${tol} else stale + 1`,
    '    if judged < best_loss:',
    '        best, best_loss = copy.deepcopy(net.state_dict()), judged',
    `    if stale >= ${p['nIterNoChange']}:`,
    '        break',
    'net.load_state_dict(best)',
    'net.eval()',
  ]
}

const imports = (fit: TwinFit): string[] => ['import copy', 'import math', 'import torch', ...(namesClasses(fit) && balanced(fit) ? ['from sklearn.utils.class_weight import compute_sample_weight'] : [])]
/** Steps after which rounding has grown to what another start would make: measured 1e-8 after 36 of a convolutional one, 0.01 after 250. */
const [longDense, longPicture] = [1000, 100]
const another = (fit: TwinFit, long: number): { readonly another?: true } => (epochsOf(fit) * Math.ceil(fit.rows / Number(fit.params['batchSize'])) > long ? { another: true } : {})
const because = 'the same first weights and batches; rounding grows while a network learns'

export const network: TwinEstimator = (fit): TwinModel => {
  const { params: p } = fit
  const hidden = String(p['hiddenLayerSizes']).split(',').map(Number)
  return {
    imports: imports(fit),
    lines: [
      'torch.set_num_threads(1)',
      ...chanceLines,
      '',
      '',
      `layers, sizes = [], [X.shape[1], ${hidden.join(', ')}, ${namesClasses(fit) ? 'len(CLASSES)' : '1'}]`,
      'draw = Chance(SEED, "weights")',
      'for before, after in zip(sizes, sizes[1:]):',
      '    dense = torch.nn.Linear(before, after)',
      `    bound = (${p['activation'] === 'logistic' ? 2 : 6} / (before + after)) ** 0.5`,
      '    start = torch.tensor([draw.uniform(-1, 1) * bound for _ in range((before + 1) * after)])',
      '    dense.weight.data, dense.bias.data = start[:before * after].reshape(before, after).T.contiguous(), start[before * after:]',
      `    layers += [dense, torch.nn.${bends[String(p['activation'])]}()]`,
      'net = torch.nn.Sequential(*layers[:-1])',
      'inputs = torch.from_numpy(np.ascontiguousarray(X[train]))',
      ...lossLines(fit),
      ...trainingLines(fit, { learns: 'inputs[rows]', each: [], tol: p['tol'] as number }),
      '',
      'def answer(X):',
      '    with torch.no_grad():',
      '        out = net(torch.from_numpy(np.ascontiguousarray(X, dtype=np.float32))).double()',
      namesClasses(fit) ? '        return torch.softmax(out, dim=1).numpy()' : '        return out[:, 0].numpy() * spread + center',
    ],
    tolerance: 0.02,
    because,
    ...another(fit, longDense),
  }
}

/** Layers of PyTorch on (rows, channels, height, width). */
function layerLines(specs: readonly LayerSpec[], shape: PictureShape, classes: number): string[] {
  const { rows, network: planned } = planNetwork(specs, shape, classes)
  const dense = ([height, width, channels]: PictureShape, units: number): string => `Dense(${height * width * channels}, ${units})`
  const lines = rows.map(({ spec, output }, index): string => {
    const before = rows[index - 1]?.output ?? shape
    const channels = before[2]
    const made = ((): string[] => {
      switch (spec.type) {
        case 'conv':
        case 'depthwise': {
          const size = spec['size'] as number
          const [first, last] = pads(size, spec['padding'] as Padding)
          const frame = first === last ? [] : [`torch.nn.ZeroPad2d((${first}, ${last}, ${first}, ${last}))`]
          const given = [channels, output[2], size, ...(first === last && first > 0 ? [`padding=${first}`] : []), ...(spec.type === 'depthwise' ? [`groups=${channels}`] : []), ...(hasStillBiases(specs, index) ? ['bias=False'] : [])]
          return [...frame, `torch.nn.Conv2d(${given.join(', ')})`]
        }
        case 'max-pool':
          return ['torch.nn.MaxPool2d(2)']
        case 'average-pool':
          return ['torch.nn.AvgPool2d(2)']
        case 'global-average':
          return ['torch.nn.AdaptiveAvgPool2d(1)']
        case 'batch-norm':
          return [`torch.nn.BatchNorm2d(${channels}, eps=${epsilon}, momentum=${momentum})`]
        case 'dropout':
          return [`Dropout(${index}, ${String(spec['rate'])}, ${(planned.layers[index - 1]?.output ?? planned.input).depth})`]
        case 'dense':
          return [dense(before, output[2])]
      }
    })()
    return `    ${[...made, ...('activation' in spec ? bend(spec['activation']) : [])].join(', ')},`
  })
  return ['net = torch.nn.Sequential(', ...lines, `    ${dense(rows.at(-1)?.output ?? shape, classes)},`, '    torch.nn.Flatten(),', ')']
}

const denseLines = [
  'class Dense(torch.nn.Linear):',
  '    """Every number to every other; its weights lie by height, width, channel."""',
  '    def forward(self, x):',
  '        return super().forward(x.permute(0, 2, 3, 1).flatten(1))[:, :, None, None]',
]
const dropoutLines = [
  'class Dropout(torch.nn.Module):',
  '    """Leaves out the numbers that the run left out: a place of its own for each, mixed with the step\'s chance."""',
  '    chances = []',
  '',
  '    def __init__(self, layer, share, depth):',
  '        super().__init__()',
  '        self.layer, self.share, self.depth = layer, share, depth',
  '',
  '    def forward(self, x):',
  '        if not self.training:',
  '            return x',
  '        rows, channels, height, width = x.shape',
  '        z = np.arange(rows * height * width * self.depth, dtype=np.uint32) + np.uint32(self.chances[self.layer])',
  '        z = z * np.uint32(0x9E3779B1)',
  '        z = (z ^ z >> np.uint32(16)) * np.uint32(0x85EBCA6B)',
  '        z = (z ^ z >> np.uint32(13)) * np.uint32(0xC2B2AE35)',
  '        kept = ((z ^ z >> np.uint32(16)) >= int(self.share * 2**32)).reshape(rows, height, width, self.depth)[..., :channels]',
  '        return x * torch.from_numpy(kept.transpose(0, 3, 1, 2).astype(np.float32)) * np.float32(1 / (1 - self.share))',
]
const startLines = [
  'draw = Chance(SEED, "weights")',
  'for layer in net.modules():',
  '    if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear)):',
  '        outputs, seen = len(layer.weight), layer.weight[0].numel()',
  '        start = torch.tensor([draw.normal() for _ in range(outputs * seen)], dtype=torch.float64) * (2 / seen) ** 0.5',
  '        if isinstance(layer, torch.nn.Conv2d):',
  '            _, inside, side, _ = layer.weight.shape',
  '            start = start.reshape(side, side, inside, outputs).permute(3, 2, 0, 1)',
  '        else:',
  '            start = start.reshape(seen, outputs).T',
  '        layer.weight.data = start.float().contiguous()',
  '        if layer.bias is not None:',
  '            torch.nn.init.zeros_(layer.bias)',
]

export const pictureNetwork: TwinEstimator = (fit): TwinModel => {
  const { params: p, classes, picture = [1, 1, fit.features.length] } = fit
  const specs = parseLayers(String(p['layers']))
  const drops = specs.some(({ type }) => type === 'dropout')
  const augmented = augmentLines(p)
  const isNoisy = augmented.length > 0 && Number(p['noise']) > 0
  return {
    imports: imports(fit),
    lines: [
      'torch.set_num_threads(1)',
      ...chanceLines,
      '',
      '',
      ...denseLines,
      '',
      '',
      ...(drops ? [...dropoutLines, '', ''] : []),
      ...layerLines(specs, picture, classes.length),
      ...startLines,
      `means, spreads = ${picture[2] === 1 ? 'X[train].mean(dtype=np.float64), X[train].std(dtype=np.float64)' : 'X[train].mean(axis=(0, 1, 2), dtype=np.float64), X[train].std(axis=(0, 1, 2), dtype=np.float64)'}`,
      'spreads = np.where(spreads > 1e-6, spreads, 1).astype(np.float32)',
      'standard = lambda X: (X - means.astype(np.float32)) * (np.float32(1) / spreads)',
      'channels_first = lambda X: torch.from_numpy(np.ascontiguousarray(X.transpose(0, 3, 1, 2)))',
      'pictures = standard(X[train])',
      'inputs = channels_first(pictures)',
      ...lossLines(fit),
      ...(augmented.length > 0 ? ['', '', ...augmented, '', ''] : []),
      ...trainingLines(fit, {
        learns: augmented.length > 0 ? 'channels_first(np.stack([augmented(pictures[row], chance) for row in rows]))' : 'inputs[rows]',
        each: [...(drops ? ['draw = Chance(SEED, f"step {step}")', 'Dropout.chances = [draw.bits() for _ in net]'] : []), ...(augmented.length > 0 ? ['chance = Chance(SEED, f"augmentation {step}")'] : [])],
        tol: 0,
      }),
      '',
      'def answer(X):',
      '    with torch.no_grad():',
      '        parts = [net(channels_first(standard(X[i:i + 256]))) for i in range(0, len(X), 256)]',
      '        return torch.softmax(torch.cat(parts).double(), dim=1).numpy()',
    ],
    tolerance: isNoisy ? 0.1 : 0.03,
    because: isNoisy ? `${because}, and noise comes from another source of chance` : because,
    ...another(fit, longPicture),
  }
}
