"""Peer of the shap case: exact contributions (pred_contribs) of 10,000 x 28 on one thread with 100 trees of depth 6."""
import peer

rows, held = 100_000, 10_000

if peer.mode == "data":
    peer.write_curved(rows + held)
else:
    import xgboost

    X, y = peer.read()
    booster = xgboost.train(peer.boosting, xgboost.DMatrix(X[:rows], y[:rows], nthread=1), num_boost_round=100)
    # A fresh matrix each time, as a caller has; making it is not timed.
    ms, parts = peer.timed(min(3, peer.repeats), lambda matrix: booster.predict(matrix, pred_contribs=True), lambda: (xgboost.DMatrix(X[rows:], nthread=1),))
    peer.report(ms, ((parts.sum(axis=1) >= 0) == y[rows:]).mean())
