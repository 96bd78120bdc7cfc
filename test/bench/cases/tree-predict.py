"""Peer of the tree-predict case: XGBoost predicting 1,000,000 x 28 on one thread with 100 trees of depth 6."""
import peer

rows, held = 100_000, 1_000_000

if peer.mode == "data":
    peer.write_curved(rows + held)
else:
    import xgboost

    X, y = peer.read()
    booster = xgboost.train(peer.boosting, xgboost.DMatrix(X[:rows], y[:rows], nthread=1), num_boost_round=100)
    # A fresh matrix each time, because it caches what was predicted on one; making it is not timed, ours starts from columns.
    ms, prediction = peer.timed(peer.repeats + 1, booster.predict, lambda: (xgboost.DMatrix(X[rows:], nthread=1),))
    peer.report(ms[1:], ((prediction >= 0.5) == y[rows:]).mean())
