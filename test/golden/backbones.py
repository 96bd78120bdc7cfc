"""A small network for pictures as PyTorch exports it to ONNX, and what PyTorch itself says of a made-up picture."""
import base64
import io
import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

torch.manual_seed(3)
side = 32
trunk = nn.Sequential(
    nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU6(),
    nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.Hardswish(), nn.Conv2d(8, 12, 1), nn.ReLU(),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(),
)
trunk[1].running_mean.uniform_(-0.3, 0.3)
trunk[1].running_var.uniform_(0.5, 2)
network = nn.Sequential(trunk, nn.Linear(12, 5)).eval()
pixels = np.fromfunction(lambda y, x, c: ((x * 7 + y * 13 + c * 53 + (x * y) // 8) % 256) / 255, (side, side, 3)).astype(np.float32)
mean, sd = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
seen = torch.tensor(((pixels - mean) / sd).transpose(2, 0, 1)[None])
file = io.BytesIO()
torch.onnx.export(network, seen, file, opset_version=14, input_names=["image"], output_names=["logits"], dynamic_axes={"image": {0: "batch"}})
with torch.no_grad():
    embedding, logits = trunk(seen)[0].tolist(), network(seen)[0].tolist()
Path(__file__).with_suffix(".json").write_text(
    json.dumps({"versions": {"torch": torch.__version__}, "side": side, "file": base64.b64encode(file.getvalue()).decode(), "embedding": embedding, "logits": logits}, indent=1) + "\n"
)
