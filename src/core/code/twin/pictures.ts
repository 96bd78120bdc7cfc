/** The parts of a twin that only pictures have: files found by their SHA-256, our resize, and the backbone of the exported graph in PyTorch. */
import { emptyWeight, greyWeights } from '../../images/resize.ts'
import type { Json } from '../../recipe/step.ts'
import { py } from './python.ts'

/** The rows of a dataset of pictures, in order; they stand in split.json. */
export interface TwinPictures {
  /** Column of pictures. */
  readonly column: string
  readonly sha256: readonly string[]
  readonly targets: readonly Json[]
  /** The column that the split goes by, where it is none of these two. */
  readonly dealtBy?: { readonly column: string; readonly values: readonly Json[] }
}

export const pictureImports: readonly string[] = ['from PIL import Image, ImageOps']
export const embeddingImports: readonly string[] = ['import onnx', 'import torch', 'from onnx import numpy_helper']

/** Where the pictures lie and, for an embedding, the graph; stands before the rows. */
export const placesCell = (rows: number, embeds: boolean): string[] => [
  `# A folder with the pictures of the run, in any order and under any name${embeds ? ', and the graph of its bundle' : ''}.`,
  'FILE = Path(os.environ.get("DATA", "pictures"))',
  ...(embeds ? ['MODEL = Path(os.environ.get("MODEL", "../model.onnx"))'] : []),
  `ROWS = ${rows}`,
]

/** @param target name of its column */
export const picturesCell = ({ column }: TwinPictures, target: string): string[] => [
  'found = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in FILE.rglob("*") if path.is_file()}',
  'gone = [sha256 for sha256 in split["pictures"] if sha256 not in found]',
  'if gone:',
  '    raise SystemExit(f"{len(gone)} of {ROWS} pictures of this run are not in {FILE}; the first has the SHA-256 {gone[0]}. Set DATA to their folder.")',
  `frame = pd.DataFrame({${py(column)}: [found[sha256] for sha256 in split["pictures"]], ${py(target)}: split["targets"]})`,
]

/** `rgb(path)`: the levels of a picture, (height, width, 3), upright and on white. */
export const rgbHelper: readonly string[] = [
  'def rgb(path):',
  '    image = ImageOps.exif_transpose(Image.open(path))',
  '    clear = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info',
  '    pixels = np.asarray(image.convert("RGBA" if clear else "RGB"), np.float64)',
  '    # What is see-through lies on white.',
  '    return np.floor(pixels[..., :3] * (pixels[..., 3:] / 255) + 255 * (1 - pixels[..., 3:] / 255) + 0.5) if clear else pixels',
  '',
]

/** `shrunk(path, side, crop)`: the studio's resize, (3, side, side) from 0 to 1; stands before the steps of pictures. */
export const resizeHelper: readonly string[] = [
  ...rgbHelper,
  'def axis(size, extent, out):',
  '    """Weights of the studio\'s resize along one side: a triangle as wide as what falls into a pixel."""',
  '    scale = extent / out',
  '    centres = (np.arange(out)[:, None] + 0.5) * scale + (size - extent) / 2',
  '    held = np.maximum(1 - np.abs(np.arange(size) + 0.5 - centres) / max(scale, 1), 0)',
  `    return (held / np.maximum(held.sum(axis=1, keepdims=True), ${emptyWeight})).astype(np.float32)`,
  '',
  'def shrunk(path, side, crop):',
  '    pixels = rgb(path).astype(np.float32).transpose(2, 0, 1)',
  '    _, tall, wide = pixels.shape',
  '    square = {"cover": min(tall, wide), "contain": max(tall, wide)}.get(crop)',
  '    return axis(tall, square or tall, side) @ pixels @ axis(wide, square or wide, side).T / np.float32(255)',
]

/** `image_pixels(frame, names, size, colour, crop, layout)`, as the step of that name. */
export const pixelsHelper: readonly string[] = [
  'def image_pixels(frame, names, size=32, colour="rgb", crop="cover", layout="picture"):',
  '    made = {}',
  '    for name in names:',
  '        pictures = [shrunk(path, size, crop).transpose(1, 2, 0) for path in frame[name]]',
  '        if colour == "grey":',
  `            pictures = [picture @ np.float32(${py([...greyWeights])})[:, None] for picture in pictures]`,
  '        if layout == "picture":',
  '            made[name] = {name: pd.Series(pictures, index=frame.index)}',
  '        else:',
  '            tints = [".red", ".green", ".blue"] if colour == "rgb" else [""]',
  '            pixels = np.stack(pictures).reshape(len(pictures), -1)',
  '            titles = [f"{name}[{y},{x}]{tint}" for y in range(size) for x in range(size) for tint in tints]',
  '            made[name] = dict(zip(titles, pixels.T))',
  '    return made',
]

/** `image_embedding(frame, names, crop)`, as the step of that name. */
export const embeddingHelper: readonly string[] = [
  'graph = onnx.load(MODEL).graph',
  'weights = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer if tensor.data_type != onnx.TensorProto.STRING}',
  'first = next(i for i, node in enumerate(graph.node) if node.op_type == "Conv")',
  '',
  'def seen(pixels):',
  '    """The backbone, layer by layer: convolutions, clips and sums, up to the mean over the picture."""',
  '    known = {**weights, graph.node[first].input[0]: pixels}',
  '    for node in graph.node[first:]:',
  '        x = [known[name] for name in node.input]',
  '        given = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}',
  '        if node.op_type == "Conv":',
  '            top, left, bottom, right = given["pads"]',
  '            made = torch.nn.functional.conv2d(torch.nn.functional.pad(x[0], (left, right, top, bottom)), x[1], x[2], stride=given["strides"], groups=given["group"])',
  '        elif node.op_type == "Clip":',
  '            made = torch.clamp(x[0], x[1].item(), x[2].item())',
  '        elif node.op_type == "Add":',
  '            made = x[0] + x[1]',
  '        elif node.op_type == "ReduceMean":',
  '            return x[0].mean(dim=(2, 3)).numpy()',
  '        else:',
  '            raise SystemExit(f"{MODEL} is not the graph of this run: its backbone holds {node.op_type}")',
  '        known[node.output[0]] = made',
  '',
  'def image_embedding(frame, names, crop="cover", side=224):',
  '    made = {}',
  '    for name in names:',
  '        with torch.no_grad():',
  '            numbers = np.concatenate([seen(torch.from_numpy(shrunk(path, side, crop))[None]) for path in frame[name]])',
  '        made[name] = {f"{name}[{i}]": numbers[:, i] for i in range(numbers.shape[1])}',
  '    return made',
]
