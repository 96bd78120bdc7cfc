"""Peer of the forest case: scikit-learn's RandomForestClassifier on one thread, 50,000 x 28, 100 trees."""
import peer

rows, held = 50_000, 20_000

if peer.mode == "data":
    peer.write_curved(rows + held)
else:
    from sklearn.ensemble import RandomForestClassifier

    X, y = peer.read()
    # A run takes half a minute: two, without a warm-up, which it does not need.
    ms, forest = peer.timed(min(2, peer.repeats), lambda: RandomForestClassifier(100, n_jobs=1, random_state=0).fit(X[:rows], y[:rows]))
    peer.report(ms, forest.score(X[rows:], y[rows:]))
