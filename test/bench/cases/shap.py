"""
Peer of the shap case: exact contributions (pred_contribs) of 10,000 x 28 on one thread with 100 trees of depth 6. The trees
are made once, and explained by both. To compare, its contributions are also taken a tree at a time and added in double: its
sum over all trees is float32, and strays from its own margin by 1e-5.
"""
import numpy as np
import peer

rows, held = 100_000, 10_000

if peer.mode == "data":
    import xgboost

    peer.write_curved(rows + held)
    X, y = peer.read()
    xgboost.train(peer.boosting, xgboost.DMatrix(X[:rows], y[:rows], nthread=1), num_boost_round=100).save_model(peer.folder / "booster.json")
else:
    import xgboost

    X, y = peer.read()
    booster = xgboost.Booster({"nthread": 1}, model_file=str(peer.folder / "booster.json"))
    # A fresh matrix each time, as a caller has; making it is not timed.
    ms, parts = peer.timed(min(3, peer.repeats), lambda matrix: booster.predict(matrix, pred_contribs=True), lambda: (xgboost.DMatrix(X[rows:], nthread=1),))
    matrix = xgboost.DMatrix(X[rows:], nthread=1)
    # Half a chance is a margin of 0, so the base score of each slice adds nothing.
    exact = sum(tree.predict(matrix, pred_contribs=True).astype(float) for tree in booster)
    exact.tofile(peer.folder / "contributions.f64")
    parts.tofile(peer.folder / "contributions.f32")
    peer.report(ms, ((parts.sum(axis=1) >= 0) == y[rows:]).mean())
