"""Peer of the knn cases: scikit-learn's KNeighborsClassifier, 50,000 fitted, 10,000 asked, k = 5; fit and predict are timed. Labels go to labels.u8."""
import pathlib
import sys

import numpy as np
import peer

rows, held = 50_000, 10_000
features = int(pathlib.Path(sys.argv[0]).stem.split("-")[1]) if "-" in pathlib.Path(sys.argv[0]).stem else 10

if peer.mode == "data":
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows + held, features)).astype(np.float32)
    peer.write(X, X[:, 0] + X[:, 1] * X[:, 2] + 0.3 * rng.normal(size=rows + held) > 0)
else:
    from sklearn.neighbors import KNeighborsClassifier

    X, y = peer.read(features)
    ms, labels = peer.timed(peer.repeats + 1, lambda: KNeighborsClassifier(5).fit(X[:rows], y[:rows]).predict(X[rows:]))
    labels.astype(np.uint8).tofile(peer.folder / "labels.u8")
    peer.report(ms[1:], np.mean(labels == y[rows:]))
