"""Peer of the linear case: scikit-learn's LogisticRegression (lbfgs, its default tolerance) on 200,000 x 28."""
import numpy as np
import peer

rows, held, features = 200_000, 50_000, 28

if peer.mode == "data":
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows + held, features)).astype(np.float32)
    peer.write(X, X @ rng.normal(size=features) + 1.5 * rng.logistic(size=rows + held) > 0)
else:
    from sklearn.linear_model import LogisticRegression

    X, y = peer.read()
    ms, model = peer.timed(peer.repeats + 1, lambda: LogisticRegression().fit(X[:rows], y[:rows]))
    peer.report(ms[1:], model.score(X[rows:], y[rows:]))
