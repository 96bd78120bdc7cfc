"""Three steps of Adam on small convolutional networks with every kind of layer but dropout, by PyTorch.

Weights are listed as the studio keeps them: kernels (height, width, channels, filters), depthwise kernels
(height, width, channels), dense weights (inputs, outputs) with pixels in (height, width, channel) order, batch
normalisation as scale, shift, running mean, running variance.
"""
import json
import pathlib

import numpy as np
import torch
from torch import nn

here = pathlib.Path(__file__).parent
torch.manual_seed(0)
torch.set_num_threads(1)
CLASSES, STEPS, RATE = 3, 3, 0.01


def flat(module, shape_in):
    """The module's parameters in the studio's order; shape_in is (channels, height, width) of what it gets."""
    w = lambda t: t.detach().numpy().astype(np.float32)
    if isinstance(module, nn.BatchNorm2d):
        return [w(module.weight), w(module.bias), w(module.running_mean), w(module.running_var)]
    if isinstance(module, nn.Conv2d):
        k = w(module.weight)
        turned = k[:, 0].transpose(1, 2, 0) if module.groups > 1 else k.transpose(2, 3, 1, 0)
        return [turned, w(module.bias)]
    if isinstance(module, nn.Linear):
        k = w(module.weight)
        return [k.reshape(k.shape[0], *shape_in).transpose(2, 3, 1, 0).reshape(-1, k.shape[0]), w(module.bias)]
    return []


class Net(nn.Module):
    def __init__(self, parts):
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, x, shapes=None):
        for part in self.parts:
            if shapes is not None:
                # Behind nn.Flatten a linear layer still has to know how the pixels lay.
                shapes.append(shapes[-1] if len(shapes) and isinstance(self.parts[len(shapes) - 1], nn.Flatten) else tuple(x.shape[1:]) if x.dim() == 4 else (x.shape[1], 1, 1))
            x = part(x)
        return x


def theta(net, x):
    net.eval()
    shapes = []
    net(x, shapes)
    net.train()
    return np.concatenate([np.concatenate([a.ravel() for a in flat(p, s)]) if flat(p, s) else np.zeros(0, np.float32) for p, s in zip(net.parts, shapes)])


def same(channels, filters, size, groups=1):
    return nn.Conv2d(channels, filters, size, padding=size // 2, groups=groups)


def case(name, layers, parts, height, width, channels, rows):
    net = Net(parts)
    for part in parts:
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.uniform_(part.bias, -0.5, 0.5)
    x = torch.randn(rows, channels, height, width)
    y = torch.arange(rows) % CLASSES
    start = theta(net, x)
    x_grad = x.clone().requires_grad_(True)
    net.eval()
    out = net(x_grad)
    # Slopes of the first class's score by the pixels, while answering.
    out[:, 0].sum().backward()
    net.train()
    logits = out.detach().numpy()
    net.zero_grad()
    adam = torch.optim.Adam(net.parameters(), lr=RATE)
    losses = []
    for _ in range(STEPS):
        adam.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        adam.step()
        losses.append(float(loss))
    end = theta(net, x)
    round6 = lambda a: [float(f"{v:.7g}") for v in np.asarray(a, np.float64).ravel()]
    nhwc = lambda t: t.detach().numpy().transpose(0, 2, 3, 1)
    return {
        "name": name, "layers": layers, "shape": [height, width, channels], "rows": rows, "classes": CLASSES, "rate": RATE,
        "inputs": round6(nhwc(x)), "targets": y.tolist(), "theta": round6(start), "logits": round6(logits), "pixelSlopes": round6(nhwc(x_grad.grad)),
        "losses": losses, "thetaAfter": round6(end),
    }


conv = lambda filters, size=3, padding="same", activation="relu": {"type": "conv", "filters": filters, "size": size, "padding": padding, "activation": activation}
cases = [
    case(
        "separable with batch normalisation",
        [conv(5, activation="none"), {"type": "batch-norm", "activation": "relu"}, {"type": "depthwise", "size": 3, "padding": "same", "activation": "relu"}, {"type": "average-pool"},
         conv(7, 1, activation="none"), {"type": "batch-norm", "activation": "relu"}, {"type": "global-average"}],
        [same(2, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), same(5, 5, 3, groups=5), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(5, 7, 1), nn.BatchNorm2d(7), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(7, CLASSES)],
        9, 8, 2, 7,
    ),
    case(
        "plain with padding and dense",
        [conv(6), {"type": "max-pool"}, conv(4, 3, "valid"), {"type": "dense", "units": 5, "activation": "relu"}],
        [same(1, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 3 * 2, 5), nn.ReLU(), nn.Linear(5, CLASSES)],
        10, 8, 1, 6,
    ),
]
versions = {"torch": torch.__version__}
(here / "cnn.json").write_text(json.dumps({"versions": versions, "cases": cases}))
