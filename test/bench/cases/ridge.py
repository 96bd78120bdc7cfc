"""Peer of the ridge case: scikit-learn's Ridge on 200,000 x 28, the score of linear.py as a number's sign kept as 0 and 1."""
import json
import pathlib
import runpy
import sys
import time

import numpy as np

rows, held, features = 200_000, 50_000, 28
mode, folder = sys.argv[1], pathlib.Path(sys.argv[2])

if mode == "data":
    runpy.run_path(str(pathlib.Path(__file__).parent / "linear.py"))
else:
    from sklearn.linear_model import Ridge

    X = np.ascontiguousarray(np.fromfile(folder / "columns.f32", np.float32).reshape(features, rows + held).T)
    y = np.fromfile(folder / "target.u8", np.uint8).astype(np.float64)
    ms, model = [], None
    for _ in range(int(sys.argv[3]) + 1):
        start = time.perf_counter()
        model = Ridge().fit(X[:rows], y[:rows])
        ms.append((time.perf_counter() - start) * 1000)
    print(json.dumps({"ms": ms[1:], "quality": float(np.mean((model.predict(X[rows:]) > 0.5) == y[rows:]))}))
