"""Peer of the boosting case: XGBoost hist, 200,000 x 28, 100 trees of depth 6, 256 bins."""
import peer

rows, held = 200_000, 50_000

if peer.mode == "data":
    peer.write_curved(rows + held)
else:
    import xgboost

    X, y = peer.read()
    ms, booster = peer.timed(peer.repeats + 1, lambda: xgboost.train(peer.boosting, xgboost.DMatrix(X[:rows], y[:rows], nthread=peer.threads), num_boost_round=100))
    peer.report(ms[1:], peer.auc(booster.predict(xgboost.DMatrix(X[rows:])), y[rows:]))
