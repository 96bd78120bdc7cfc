"""Pixels of picture files as Pillow decodes them, by way of the libraries that browsers have inside (libjpeg-turbo, libwebp)."""
import base64
import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageOps, features

rng = np.random.default_rng(5)
turned = Image.Exif()
turned[0x0112] = 6
cases = []


def patches(width, height, channels=3):
    """Strong colours with hard edges: what decoders differ about."""
    small = rng.integers(0, 256, (height // 4 + 1, width // 4 + 1, channels), dtype=np.uint8)
    return Image.fromarray(small.repeat(4, axis=0).repeat(4, axis=1)[:height, :width])


def add(name, image, kind, extra=b"", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    file = io.BytesIO(file.getvalue()[:33] + extra + file.getvalue()[33:])
    opened = ImageOps.exif_transpose(Image.open(io.BytesIO(file.getvalue())))
    if opened.mode.startswith("I"):
        opened = Image.fromarray((np.asarray(opened) >> 8).astype(np.uint8))
    decoded = np.asarray(opened.convert("RGBA"))
    cases.append({
        "name": name, "file": base64.b64encode(file.getvalue()).decode(), "width": decoded.shape[1], "height": decoded.shape[0],
        "rgba": base64.b64encode(decoded.tobytes()).decode(),
    })


add("JPEG 4:4:4", patches(23, 17), "JPEG", quality=90, subsampling=0)
add("JPEG 4:2:2", patches(23, 17), "JPEG", quality=90, subsampling=1)
add("JPEG 4:2:0", patches(23, 17), "JPEG", quality=90, subsampling=2)
add("JPEG 4:2:0 of even size", patches(32, 16), "JPEG", quality=50, subsampling=2)
add("JPEG 4:2:0 with two columns of colour", patches(3, 9), "JPEG", quality=90, subsampling=2)
add("JPEG 4:2:0 progressive", patches(24, 20), "JPEG", quality=90, subsampling=2, progressive=True)
add("JPEG grey", patches(19, 11).convert("L"), "JPEG", quality=90)
add("JPEG on its side", patches(19, 11), "JPEG", quality=90, exif=turned)
add("PNG of 16 bits", Image.fromarray(rng.integers(0, 65536, (9, 14), dtype=np.uint16)), "PNG")
add("PNG on its side", patches(19, 11, 4), "PNG", exif=turned)
gamma = b"gAMA" + struct.pack(">I", 100_000)
add("PNG of another gamma, whose levels stay as stored", patches(19, 11), "PNG", extra=struct.pack(">I", 4) + gamma + struct.pack(">I", zlib.crc32(gamma)))
add("WebP lossy", patches(23, 17), "WEBP", quality=60)
add("WebP lossy, see-through", patches(23, 17, 4), "WEBP", quality=60)
add("WebP lossless", patches(19, 11, 4), "WEBP", lossless=True, exact=True)
add("WebP on its side", patches(19, 11), "WEBP", lossless=True, exif=turned)
moving = [Image.new("RGBA", (30, 20)), patches(30, 20, 4)]
moving[0].paste(patches(10, 6), (12, 8))
add("WebP animated, its first frame in a corner", moving[0], "WEBP", save_all=True, append_images=moving[1:], quality=80, allow_mixed=True)
add("GIF", patches(37, 21).convert("P", palette=Image.Palette.ADAPTIVE), "GIF")
add("GIF with a palette of its own and lines in passes", Image.fromarray(rng.integers(0, 256, (70, 90), dtype=np.uint8)), "GIF", interlace=1)
clear = Image.new("P", (30, 20), 0)
clear.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
clear.paste(1, (5, 5, 20, 15))
add("GIF see-through", clear, "GIF", transparency=0)
add("GIF animated", patches(30, 20).convert("P", palette=Image.Palette.ADAPTIVE), "GIF", save_all=True, append_images=[patches(30, 20).convert("P", palette=Image.Palette.ADAPTIVE)])

Path(__file__).with_suffix(".json").write_text(
    json.dumps({"versions": {"pillow": PIL.__version__, "libjpeg-turbo": features.version("libjpeg_turbo"), "webp": features.version("webp")}, "cases": cases}, indent=1) + "\n"
)
