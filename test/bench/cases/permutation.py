"""Peer of the permutation case: scikit-learn's permutation_importance, 20,000 x 28, 5 repeats, a boosting of 100 trees of depth 6."""
import peer

rows, held = 100_000, 20_000

if peer.mode == "data":
    peer.write_curved(rows + held)
else:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.inspection import permutation_importance

    X, y = peer.read()
    model = HistGradientBoostingClassifier(learning_rate=0.3, max_iter=100, max_depth=6, max_leaf_nodes=None, min_samples_leaf=4, l2_regularization=1, early_stopping=False).fit(X[:rows], y[:rows])
    ms, found = peer.timed(min(2, peer.repeats), lambda: permutation_importance(model, X[rows:], y[rows:], scoring="accuracy", n_repeats=5, random_state=0))
    peer.report(ms, found.importances_mean.max())
