"""Peer of the ingest case: pandas.read_csv on 200,000 x 28 numbers, about 45 MB."""
import json
import pathlib
import sys
import time

import numpy as np

rows, features = 200_000, 28
mode, folder = sys.argv[1], pathlib.Path(sys.argv[2])
path = folder / "table.csv"

if mode == "data":
    X = np.random.default_rng(0).normal(size=(rows, features))
    np.savetxt(path, X, fmt="%.5f", delimiter=",", header=",".join(f"x{i}" for i in range(features)), comments="")
else:
    import pandas

    ms, table = [], None
    for _ in range(int(sys.argv[3]) + 1):
        start = time.perf_counter()
        table = pandas.read_csv(path)
        ms.append((time.perf_counter() - start) * 1000)
    print(json.dumps({"ms": ms[1:], "quality": float(table.to_numpy().mean(axis=0).sum())}))
