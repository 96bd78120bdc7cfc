"""Peer of the cases that name an estimator of scikit-learn: one table of numbers, two classes or their score, and its default or the given settings."""
import sys

import numpy as np
import peer

name, rows, features, kind = sys.argv[5], int(sys.argv[6]), 28, sys.argv[7]
held = max(5_000, rows // 5)


def model():
    from sklearn import calibration, ensemble, linear_model, naive_bayes, svm, tree

    return {
        "lasso": lambda: linear_model.Lasso(alpha=0.01),
        "elastic-net": lambda: linear_model.ElasticNet(alpha=0.01),
        "linear-regression": lambda: linear_model.LinearRegression(),
        "gaussian-nb": lambda: naive_bayes.GaussianNB(),
        "multinomial-nb": lambda: naive_bayes.MultinomialNB(),
        "bernoulli-nb": lambda: naive_bayes.BernoulliNB(),
        # Five folds for the sigmoid and one machine, as ours.
        "linear-svm": lambda: calibration.CalibratedClassifierCV(svm.LinearSVC(dual=False), ensemble=False),
        "svm": lambda: svm.SVC(gamma=1 / features, probability=True, random_state=0),
        "extra-trees": lambda: ensemble.ExtraTreesClassifier(100, n_jobs=1, random_state=0),
        # Additive: one feature a tree.
        "explainable-boosting": lambda: ensemble.HistGradientBoostingClassifier(learning_rate=0.05, max_iter=features * 500, max_leaf_nodes=3, interaction_cst=[{f} for f in range(features)], early_stopping=True, random_state=0),
        "decision-tree": lambda: tree.DecisionTreeClassifier(max_depth=10, min_samples_leaf=5, random_state=0),
    }[name]()


if peer.mode == "data":
    peer.write_curved(rows + held, features).astype(np.float64).tofile(peer.folder / "target.f64")
else:
    X, y = peer.read(features)
    if name == "multinomial-nb":
        X = np.maximum(X, 0)
    if kind != "classes":
        y = np.fromfile(peer.folder / "target.f64", np.float64)
    ms, fitted = peer.timed(peer.repeats + 1, lambda: model().fit(X[:rows], y[:rows]))
    predicted = fitted.predict(X[rows:])
    quality = np.mean(predicted == y[rows:]) if kind == "classes" else np.sqrt(np.mean((predicted - y[rows:]) ** 2))
    peer.report(ms[1:], quality)
