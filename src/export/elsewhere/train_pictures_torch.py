"""Trains the convolutional network of job.json with PyTorch, on a graphics card where there is one:

    python3 train_pictures_torch.py --work work

The job carries the pixels of the training pictures as the studio prepared them; validation and test pictures stay there.
First weights, batches, changed pictures and dropout are the run's own, drawn from the studio's chance (chance.py); noise
alone is PyTorch's. After a crash the same command with --resume goes on from the place in the work folder. The answer is
result.json, which the studio brings in.
"""
import argparse
import base64
import math
import os
import time

import numpy as np
import torch

import learning
import prepared
from chance import Chance

BENDS = {"none": torch.nn.Identity, "relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "logistic": torch.nn.Sigmoid}
MASK = 0xFFFFFFFF


class Dense(torch.nn.Linear):
    """Every number to every other; its weights lie by height, width, channel."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1).flatten(1))[:, :, None, None]


class Dropout(torch.nn.Module):
    """Leaves out the numbers that the studio would: a place of its own for each, mixed with the chance of the step."""

    def __init__(self, share, depth):
        super().__init__()
        self.share, self.depth, self.chance = share, depth, 0

    def forward(self, x):
        if not self.training:
            return x
        rows, channels, height, width = x.shape
        z = torch.arange(rows * height * width * self.depth, device=x.device) + self.chance & MASK
        z = z * 0x9E3779B1 & MASK
        z = (z ^ z >> 16) * 0x85EBCA6B & MASK
        z = (z ^ z >> 13) * 0xC2B2AE35 & MASK
        kept = ((z ^ z >> 16) >= int(self.share * 2**32)).reshape(rows, height, width, self.depth)[..., :channels]
        return x * kept.permute(0, 3, 1, 2) * float(np.float32(1 / (1 - self.share)))


def layer_of(row):
    """A row of the job's table on (rows, channels, height, width)."""
    channels, made = row["input"][2], row["output"][2]
    if row["type"] in ("conv", "depthwise"):
        first, last = row["pads"]
        groups = channels if row["type"] == "depthwise" else 1
        layer = torch.nn.Conv2d(channels, made, row["size"], padding=first if first == last else 0, groups=groups, bias=row["bias"])
        return layer if first == last else torch.nn.Sequential(torch.nn.ZeroPad2d((first, last, first, last)), layer)
    if row["type"] == "batch-norm":
        return torch.nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1)
    if row["type"] == "dropout":
        return Dropout(row["rate"], row["depth"])
    if row["type"] == "dense":
        return Dense(math.prod(row["input"]), made)
    return {"max-pool": torch.nn.MaxPool2d(2), "average-pool": torch.nn.AvgPool2d(2), "global-average": torch.nn.AdaptiveAvgPool2d(1)}[row["type"]]


def as_laid_out(net):
    """Every tensor of the net as the studio lays it out; what is written there is the net's. Biases that are not learnt are zeros."""
    for layer in net.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            yield from (layer.weight.data, layer.bias.data, layer.running_mean, layer.running_var)
        elif isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear)):
            yield layer.weight.data.T if isinstance(layer, torch.nn.Linear) else layer.weight.data.permute(2, 3, 1, 0)
            yield torch.zeros(len(layer.weight)) if layer.bias is None else layer.bias.data


def network(plan):
    """The layers of the job with the run's own first weights."""
    last = plan["layers"][-1]["output"] if plan["layers"] else plan["shape"]
    layers = [module for row in plan["layers"] for module in (layer_of(row), BENDS[row["activation"]]())]
    net = torch.nn.Sequential(*layers, Dense(math.prod(last), plan["classes"]), torch.nn.Flatten())
    theta, at = torch.from_numpy(np.frombuffer(base64.b64decode(plan["theta"]), "<f4").copy()), 0
    for values in as_laid_out(net):
        values.copy_(theta[at:at + values.numel()].reshape(values.shape))
        at += values.numel()
    if at != len(theta):
        raise SystemExit(f"invalid job; its layers have {at} weights, and it holds {len(theta)}")
    return net


def flat(net):
    """The weights as the studio has them, in base64."""
    parts = [values.detach().cpu().numpy().ravel() for values in as_laid_out(net)]
    return base64.b64encode(np.concatenate(parts).astype("<f4").tobytes()).decode()


def augmented(pictures, how, seed, step):
    """Standardised pictures (rows, height, width, channels), each changed by chance: what is drawn, and its order, are the studio's."""
    if not any(how.values()):
        return pictures
    rows, height, width, channels = pictures.shape
    chance = Chance(seed, f"augmentation {step}")
    within = lambda name: chance.uniform(-1, 1) * how[name] if how[name] > 0 else 0.0
    drawn = []
    for _ in range(rows):
        mirrored = how["flip"] and chance.uniform() < 0.5
        dy, dx = within("shift") * height, within("shift") * width
        angle = math.radians(within("rotate"))
        scale, contrast, brightness = 1 / (1 + within("zoom")), 1 + within("colour"), within("colour")
        tints = [brightness + (within("colour") / 2 if channels > 1 else 0) for _ in range(channels)]
        drawn.append([mirrored, dy, dx, math.cos(angle), math.sin(angle), scale, contrast, *tints])
    drawn = torch.tensor(drawn, dtype=torch.float64, device=pictures.device)[..., None, None]
    mirrored, dy, dx, cos, sin, scale = drawn.unbind(1)[:6]
    contrast, tints = drawn[:, 6:7], drawn[:, 7:, 0, 0][:, None, None, :]
    # Where each pixel comes from, between four.
    v = (torch.arange(height, device=drawn.device)[:, None] - (height - 1) / 2 - dy) * scale
    u = (torch.arange(width, device=drawn.device) - (width - 1) / 2 - dx) * scale
    y = (cos * v - sin * u + (height - 1) / 2).clamp(0, height - 1)
    x = (sin * v + cos * u + (width - 1) / 2).clamp(0, width - 1)
    x = torch.where(mirrored > 0, width - 1 - x, x)
    top, left = y.floor().long(), x.floor().long()
    low, right = (top + 1).clamp(max=height - 1), (left + 1).clamp(max=width - 1)
    fy, fx = (y - top)[..., None], (x - left)[..., None]
    row = torch.arange(rows, device=drawn.device)[:, None, None]
    upper = pictures[row, top, left] * (1 - fx) + pictures[row, top, right] * fx
    lower = pictures[row, low, left] * (1 - fx) + pictures[row, low, right] * fx
    changed = (upper * (1 - fy) + lower * fy) * contrast + tints
    if how["noise"] > 0:
        noise = torch.Generator().manual_seed(seed * 1_000_003 + step)
        changed = changed + torch.randn(changed.shape, generator=noise).to(changed.device) * how["noise"]
    return changed.float()


def main():
    parser = prepared.arguments(argparse.ArgumentParser(description=__doc__.splitlines()[0]))
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="of PyTorch, such as cuda:1")
    parser.add_argument("--resume", action="store_true", help="go on from the place in the work folder")
    options = parser.parse_args()
    job, todo, _ = prepared.opened(options)
    plan, begun, device = job["cnn"], time.time(), torch.device(options.device)
    # Sums of whole float32, as in the studio.
    torch.backends.cudnn.allow_tf32 = False
    letters, how = prepared.dealt(job, [len(job["parts"])])
    rows = prepared.rows_of(letters)
    if rows["train"] < 2:
        raise SystemExit(f"missing training pictures; a network needs at least 2: {rows['train']}")
    (_, place), = todo
    X = prepared.matrix(place, math.prod(plan["shape"]), letters[0], "t")
    y = prepared.truth(place, letters[0], "t")
    if not np.isfinite(X).all():
        raise SystemExit("invalid pixels; a network takes no missing values")
    pixels = torch.from_numpy(X).reshape(-1, *plan["shape"])
    means = torch.tensor(plan["means"], dtype=torch.float32, device=device)
    factors = 1 / torch.tensor(plan["deviations"], dtype=torch.float32, device=device)
    net = network(plan).to(device)
    drops = [layer for layer in net if isinstance(layer, Dropout)]

    def ahead(some, step):
        pictures = (pixels[some].to(device) - means) * factors
        if step is not None:
            pictures = augmented(pictures, plan["augmentation"], plan["seed"], step)
            draw = Chance(plan["seed"], f"step {step}")
            draws = [draw.bits() for _ in plan["layers"]]
            for layer, chance in zip(drops, (chance for row, chance in zip(plan["layers"], draws) if row["type"] == "dropout")):
                layer.chance = chance
        return net(pictures.permute(0, 3, 1, 2).contiguous())

    def shuffled(epoch, values):
        return torch.tensor(Chance(plan["seed"], "inner split" if epoch is None else f"epoch {epoch}").shuffled(values.tolist()))

    losses, _ = learning.losses_of(job, plan, y)
    saved = os.path.join(options.work, "_network.pt")
    net, facts, history = learning.learn(plan, net, len(X), ahead, losses, shuffled, saved, learning.fingerprint(plan, X), options.resume, 256)
    prepared.finish(options, job, {
        "rows": rows,
        "split": how,
        "leftOut": 0,
        "history": {"loss": history},
        "seconds": round(time.time() - begun, 1),
        "workers": 1,
        "versions": {"torch": torch.__version__, "numpy": np.__version__},
        "cnn": {"shape": plan["shape"], "means": plan["means"], "deviations": plan["deviations"], "theta": flat(net), **facts},
    })
    if os.path.exists(saved):
        os.remove(saved)


if __name__ == "__main__":
    main()
