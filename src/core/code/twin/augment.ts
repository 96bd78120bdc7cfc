/** The changes of pictures while a network learns (images/augment.ts) in NumPy, drawn in the same order; noise comes from NumPy's own source. */
import type { ParamValue } from '../../params.ts'

/** `augmented(picture, chance)` of a standardised picture (height, width, channels); nothing where pictures stay as they are. */
export function augmentLines({ flip, shift, rotate, zoom, colour, noise }: Readonly<Record<string, ParamValue>>): readonly string[] {
  const moves = shift !== 0 || rotate !== 0 || zoom !== 0
  if (flip !== true && !moves && colour === 0 && noise === 0) return []
  return [
    ...(noise === 0 ? [] : ['noise = np.random.default_rng(SEED)', '', '']),
    'def augmented(picture, chance):',
    '    height, width, channels = picture.shape',
    '    within = lambda most: chance.uniform(-1, 1) * most',
    ...(flip === true ? ['    mirrored = chance.uniform() < 0.5'] : []),
    ...(moves
      ? [
          `    dy, dx = ${shift === 0 ? '0, 0' : `within(${shift}) * height, within(${shift}) * width`}`,
          `    angle = ${rotate === 0 ? '0' : `math.radians(within(${rotate}))`}`,
          `    scale = ${zoom === 0 ? '1' : `1 / (1 + within(${zoom}))`}`,
          '    # Where each pixel comes from, between four.',
          '    v, u = np.meshgrid((np.arange(height) - (height - 1) / 2 - dy) * scale, (np.arange(width) - (width - 1) / 2 - dx) * scale, indexing="ij")',
          '    y = np.clip(math.cos(angle) * v - math.sin(angle) * u + (height - 1) / 2, 0, height - 1)',
          '    x = np.clip(math.sin(angle) * v + math.cos(angle) * u + (width - 1) / 2, 0, width - 1)',
          ...(flip === true ? ['    x = width - 1 - x if mirrored else x'] : []),
          '    top, left = np.floor(y).astype(int), np.floor(x).astype(int)',
          '    low, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)',
          '    fy, fx = (y - top)[..., None], (x - left)[..., None]',
          '    upper = picture[top, left] * (1 - fx) + picture[top, right] * fx',
          '    lower = picture[low, left] * (1 - fx) + picture[low, right] * fx',
          '    picture = upper * (1 - fy) + lower * fy',
        ]
      : flip === true
        ? ['    picture = picture[:, ::-1] if mirrored else picture']
        : []),
    ...(colour === 0 ? [] : [`    contrast, brightness = 1 + within(${colour}), within(${colour})`, `    picture = picture * contrast + [brightness + (within(${colour}) / 2 if channels > 1 else 0) for _ in range(channels)]`]),
    ...(noise === 0 ? [] : [`    picture = picture + noise.normal(size=picture.shape) * ${noise}`]),
    '    return picture.astype(np.float32)',
  ]
}
