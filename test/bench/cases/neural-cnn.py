"""Peer of the neural-cnn case: PyTorch on the CPU, the same network, batches and optimiser."""
import json
import pathlib
import sys
import time

import numpy as np

rows, side = 2048, 28
mode, folder = sys.argv[1], pathlib.Path(sys.argv[2])

if mode == "data":
    from sklearn.datasets import load_digits

    digits = load_digits()
    rng = np.random.default_rng(0)
    small = (digits.images / 16).astype(np.float32)
    pick = np.concatenate([rng.integers(0, 1400, rows), np.arange(1400, 1797)])
    images = np.zeros((len(pick), side, side), np.float32)
    images[:, 2:26, 2:26] = np.kron(small[pick], np.ones((3, 3), np.float32))
    images += 0.1 * rng.normal(size=images.shape).astype(np.float32)
    images.tofile(folder / "images.f32")
    digits.target[pick].astype(np.uint8).tofile(folder / "target.u8")
else:
    import torch
    from torch import nn

    torch.set_num_threads(int(sys.argv[4]))
    y = torch.from_numpy(np.fromfile(folder / "target.u8", np.uint8).astype(np.int64))
    X = torch.from_numpy(np.fromfile(folder / "images.f32", np.float32).reshape(-1, 1, side, side))
    ms, quality = [], 0.0
    for _ in range(int(sys.argv[3]) + 1):
        torch.manual_seed(0)
        start = time.perf_counter()
        net = nn.Sequential(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(800, 64), nn.ReLU(), nn.Linear(64, 10))
        adam = torch.optim.Adam(net.parameters(), lr=0.001)
        order = torch.randperm(rows)
        for at in range(0, rows, 128):
            batch = order[at : at + 128]
            adam.zero_grad()
            nn.functional.cross_entropy(net(X[batch]), y[batch]).backward()
            adam.step()
        ms.append((time.perf_counter() - start) * 1000)
        with torch.no_grad():
            quality = float(nn.functional.cross_entropy(net(X[rows:]), y[rows:]))
    print(json.dumps({"ms": ms[1:], "quality": quality}))
