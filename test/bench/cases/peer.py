"""What the peers share: their words, the table in files of float32 columns, and the clock."""
import json
import pathlib
import sys
import time

import numpy as np

mode, folder = sys.argv[1], pathlib.Path(sys.argv[2])
repeats = int(sys.argv[3])
threads = int(sys.argv[4]) if len(sys.argv) > 4 else 1

# XGBoost's settings in every case of boosting.
boosting = {"objective": "binary:logistic", "eta": 0.3, "max_depth": 6, "max_bin": 256, "tree_method": "hist", "nthread": threads, "lambda": 1, "verbosity": 0}


def write(X, y):
    np.ascontiguousarray(X.T).tofile(folder / "columns.f32")
    y.astype(np.uint8).tofile(folder / "target.u8")


def write_curved(rows, features=28):
    """Two classes parted by products, a wave and a square, which trees can learn and lines cannot; returns their score."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, features)).astype(np.float32)
    score = X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + X[:, 3] - 0.5 * X[:, 4] ** 2 + 0.5 * np.abs(X[:, 5]) * X[:, 6]
    score = score + 0.3 * rng.normal(size=rows)
    write(X, score > 0)
    return score


def read(features=28):
    """The rows x features as they were written, and their classes."""
    return np.ascontiguousarray(np.fromfile(folder / "columns.f32", np.float32).reshape(features, -1).T), np.fromfile(folder / "target.u8", np.uint8)


def timed(times, once, fresh=lambda: ()):
    """Milliseconds of each call, and what the last one gave. What `fresh` makes for each call is not timed."""
    ms, given = [], None
    for _ in range(times):
        made = fresh()
        start = time.perf_counter()
        given = once(*made)
        ms.append((time.perf_counter() - start) * 1000)
    return ms, given


def auc(scores, y):
    """Chance that a row of the second class scores higher than one of the first; ties count half."""
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    positives = int(y.sum())
    return (ranks[y == 1].sum() - positives * (positives + 1) / 2) / (positives * (len(y) - positives))


def report(ms, quality):
    print(json.dumps({"ms": ms, "quality": float(quality)}))
