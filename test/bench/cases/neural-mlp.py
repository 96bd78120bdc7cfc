"""Peer of the neural-mlp case: PyTorch on the CPU, the same network, batches, steps and start."""
import time

import numpy as np
import peer

rows, held, features = 20_000, 10_000, 30

if peer.mode == "data":
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows + held, features)).astype(np.float32)
    peer.write(X, X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + 0.4 * X[:, 3:10] @ rng.normal(size=7) + 0.3 * rng.normal(size=rows + held) > 0)
else:
    import torch

    torch.set_num_threads(peer.threads)
    X, y = (torch.from_numpy(part) for part in peer.read(features))
    y = y.long()
    ms, quality = [], 0.0
    for _ in range(peer.repeats + 1):
        torch.manual_seed(0)
        start = time.perf_counter()
        net = torch.nn.Sequential(torch.nn.Linear(features, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 2))
        adam = torch.optim.Adam(net.parameters(), lr=0.001)
        for _ in range(5):
            order = torch.randperm(rows)
            for at in range(0, rows, 128):
                batch = order[at : at + 128]
                adam.zero_grad()
                loss = torch.nn.functional.cross_entropy(net(X[batch]), y[batch])
                loss.backward()
                adam.step()
        ms.append((time.perf_counter() - start) * 1000)
        with torch.no_grad():
            quality = float((net(X[rows:]).argmax(1) == y[rows:]).float().mean())
    peer.report(ms[1:], quality)
