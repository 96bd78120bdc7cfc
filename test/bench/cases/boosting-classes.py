"""Peer of the boosting-classes case: XGBoost hist, seven classes, 100,000 x 28, 50 rounds of 7 trees of depth 6."""
import numpy as np
import peer

rows, held, features, classes = 100_000, 25_000, 28, 7

if peer.mode == "data":
    rng = np.random.default_rng(7)
    X = rng.normal(size=(rows + held, features)).astype(np.float32)
    parts = [X[:, k] * (1 + 0.7 * X[:, k + 7]) + np.sin(2 * X[:, k + 14]) + 0.5 * np.abs(X[:, k + 21]) - 0.2 * k for k in range(classes)]
    peer.write(X, np.argmax(np.stack(parts, 1) + 0.5 * rng.gumbel(size=(rows + held, classes)), 1))
else:
    import xgboost

    X, y = peer.read()
    params = peer.boosting | {"objective": "multi:softprob", "num_class": classes}
    ms, booster = peer.timed(peer.repeats + 1, lambda: xgboost.train(params, xgboost.DMatrix(X[:rows], y[:rows], nthread=peer.threads), num_boost_round=50))
    p = booster.predict(xgboost.DMatrix(X[rows:]))[np.arange(held), y[rows:]]
    peer.report(ms[1:], -np.log(np.maximum(p, 1e-15)).mean())
