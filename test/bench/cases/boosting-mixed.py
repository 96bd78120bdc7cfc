"""Peer of the boosting-mixed case: XGBoost hist, a number from 16 numbers (one cell in ten missing) and 4 categories, 200,000 rows."""
import numpy as np
import peer

rows, held, numbers = 200_000, 50_000, 16
levels = [5, 12, 40, 120]

if peer.mode == "data":
    rng = np.random.default_rng(11)
    X = rng.normal(size=(rows + held, numbers)).astype(np.float32)
    codes = np.stack([rng.integers(k, size=rows + held) for k in levels], 1)
    effects = [rng.normal(size=k) for k in levels]
    y = 2 * X[:, 0] * (codes[:, 0] % 2) + np.sin(2 * X[:, 1]) + X[:, 2] - 0.5 * X[:, 3] ** 2 + sum(e[codes[:, i]] for i, e in enumerate(effects)) + 0.5 * rng.normal(size=rows + held)
    X[rng.random(X.shape) < 0.1] = np.nan
    np.ascontiguousarray(np.concatenate([X, codes.astype(np.float32)], 1).T).tofile(peer.folder / "columns.f32")
    y.astype(np.float64).tofile(peer.folder / "target.f64")
else:
    import pandas
    import xgboost

    cells = np.fromfile(peer.folder / "columns.f32", np.float32).reshape(numbers + len(levels), rows + held)
    y = np.fromfile(peer.folder / "target.f64", np.float64)
    table = pandas.DataFrame({f"x{f}": cells[f] for f in range(numbers)} | {f"c{i}": pandas.Categorical.from_codes(cells[numbers + i].astype(int), [str(c) for c in range(k)]) for i, k in enumerate(levels)})
    params = peer.boosting | {"objective": "reg:squarederror"}
    ms, booster = peer.timed(peer.repeats + 1, lambda: xgboost.train(params, xgboost.DMatrix(table[:rows], y[:rows], nthread=peer.threads, enable_categorical=True), num_boost_round=100))
    predicted = booster.predict(xgboost.DMatrix(table[rows:], enable_categorical=True))
    peer.report(ms[1:], np.sqrt(np.mean((predicted - y[rows:]) ** 2)))
