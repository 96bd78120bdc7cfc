"""Pixels of JPEGs as libjpeg-turbo decodes them (by way of Pillow): each sampling of colour, even and odd sizes, grey."""
import base64
import io
import json
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, features

rng = np.random.default_rng(5)
cases = []
for name, mode, width, height, options in [
    ("4:4:4", "RGB", 23, 17, {"subsampling": 0}),
    ("4:2:2", "RGB", 23, 17, {"subsampling": 1}),
    ("4:2:0", "RGB", 23, 17, {"subsampling": 2}),
    ("4:2:0 of even size", "RGB", 32, 16, {"subsampling": 2}),
    ("4:2:0 with two columns of colour", "RGB", 3, 9, {"subsampling": 2}),
    ("4:2:0 progressive", "RGB", 24, 20, {"subsampling": 2, "progressive": True}),
    ("grey", "L", 19, 11, {}),
]:
    # Patches of strong colours with hard edges: what decoders differ about.
    patches = rng.integers(0, 256, (height // 4 + 1, width // 4 + 1, 3), dtype=np.uint8)
    pixels = patches.repeat(4, axis=0).repeat(4, axis=1)[:height, :width]
    image = Image.fromarray(pixels).convert(mode)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90, **options)
    decoded = np.asarray(Image.open(io.BytesIO(file.getvalue())).convert("RGB"))
    cases.append({"name": name, "file": base64.b64encode(file.getvalue()).decode(), "width": width, "height": height, "rgb": base64.b64encode(decoded.tobytes()).decode()})

Path(__file__).with_suffix(".json").write_text(
    json.dumps({"versions": {"pillow": PIL.__version__, "libjpeg-turbo": features.version("libjpeg_turbo")}, "cases": cases}, indent=1) + "\n"
)
