"""Decision trees of scikit-learn, node by node, on data where no two splits tie.

That no splits tie is checked, not hoped for: trees fitted with twenty different random states, which
decide ties in scikit-learn, must be equal.
"""
import json
import pathlib

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

here = pathlib.Path(__file__).parent


def jittered(X, rng):
    """Values measured to few digits, made distinct by noise far below their spread."""
    return (X + rng.normal(size=X.shape) * 0.02 * X.std(axis=0)).astype(np.float32)


def structure(tree):
    t = tree.tree_
    return [t.feature.tolist(), t.threshold.tolist(), t.children_left.tolist(), t.children_right.tolist(), t.n_node_samples.tolist()]


def tie_free(name, make, loader, rows, columns, params, weighted=False):
    """The case on the first of a hundred random excerpts of the data that has no ties."""
    for seed in range(100):
        rng = np.random.default_rng(seed)
        chosen = rng.permutation(len(loader.target))[:rows]
        X, y = jittered(loader.data[chosen][:, :columns], rng), loader.target[chosen]
        if make is DecisionTreeRegressor:
            y = y + rng.normal(size=len(y)).round(6) * 1e-2
        else:
            # Some labels are wrong, so that no feature splits them cleanly.
            wrong = rng.random(len(y)) < 0.15
            y = np.where(wrong, rng.integers(0, y.max() + 1, len(y)), y)
        weights = rng.uniform(0.5, 2, size=len(y)).round(3) if weighted else None
        made = case(name, make, X, y, params, weights)
        if made:
            return made
    raise SystemExit(f"{name}: every excerpt has ties")


def deviation(y, weights):
    """Weighted sum of distances from the weighted median."""
    order = np.argsort(y)
    reached = np.cumsum(weights[order])
    return float((weights * np.abs(y - y[order][np.searchsorted(reached, reached[-1] / 2)])).sum())


def deviation_importance(t, X, y, weights):
    """Importance by its definition: scikit-learn 1.2 takes other node impurities where an absolute error is weighted."""
    shares = np.zeros(X.shape[1])

    def walk(node, rows):
        if t.feature[node] < 0:
            return
        left = X[rows, t.feature[node]] <= t.threshold[node]
        sides = rows[left], rows[~left]
        shares[t.feature[node]] += deviation(y[rows], weights[rows]) - sum(deviation(y[side], weights[side]) for side in sides)
        walk(t.children_left[node], sides[0])
        walk(t.children_right[node], sides[1])

    walk(0, np.arange(len(y)))
    return shares / shares.sum()


def case(name, make, X, y, params, weights):
    trees = [make(random_state=state, **params).fit(X, y, sample_weight=weights) for state in range(20)]
    if any(structure(tree) != structure(trees[0]) for tree in trees):
        return None
    t = trees[0].tree_
    value = t.value[:, 0, :]
    if make is DecisionTreeClassifier:
        value = value / value.sum(axis=1, keepdims=True)
    leaves = t.feature < 0
    weighted_deviation = weights is not None and params.get("criterion") == "absolute_error"
    importance = deviation_importance(t, X, y, weights) if weighted_deviation else trees[0].feature_importances_
    return {
        "name": name,
        "task": "regression" if make is DecisionTreeRegressor else "binary" if len(set(y)) == 2 else "multiclass",
        "params": params,
        "feature": np.where(leaves, -1, t.feature).tolist(),
        "threshold": np.where(leaves, 0, t.threshold).tolist(),
        "rows": t.n_node_samples.tolist(),
        "left": np.where(leaves, 0, t.children_left).tolist(),
        "right": np.where(leaves, 0, t.children_right).tolist(),
        "value": value.tolist(),
        "importance": importance.tolist(),
        "weights": None if weights is None else weights.tolist(),
        # str of a float32 is the shortest text that reads back as it.
        "columns": [[float(str(v)) for v in column] for column in X.T],
        "target": y.tolist(),
    }


cancer, wine, diabetes = load_breast_cancer(), load_wine(), load_diabetes(scaled=False)
classes, numbers = DecisionTreeClassifier, DecisionTreeRegressor
result = {
    "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
    "cases": [
        tie_free("gini, two classes", classes, cancer, 400, 8, {"max_depth": 3, "min_samples_leaf": 15}),
        tie_free("entropy, two classes", classes, cancer, 400, 8, {"max_depth": 4, "min_samples_leaf": 12, "criterion": "entropy"}),
        tie_free("gini, three classes", classes, wine, 178, 13, {"max_depth": 3, "min_samples_leaf": 8}),
        tie_free("gini, three classes, weighted", classes, wine, 178, 13, {"max_depth": 4, "min_samples_leaf": 8}, True),
        tie_free("squared error, deep", numbers, diabetes, 440, 10, {"min_samples_leaf": 9}),
        tie_free("squared error, least gain", numbers, diabetes, 300, 10, {"min_impurity_decrease": 30.0, "min_samples_split": 30, "min_samples_leaf": 10}),
        tie_free("absolute error", numbers, diabetes, 200, 10, {"criterion": "absolute_error", "min_samples_leaf": 12, "max_depth": 4}),
        tie_free("absolute error, weighted", numbers, diabetes, 200, 10, {"criterion": "absolute_error", "min_samples_leaf": 12, "max_depth": 3}, True),
        tie_free("gini, three classes, pruned", classes, wine, 178, 13, {"min_samples_leaf": 4, "ccp_alpha": 0.012}),
        tie_free("entropy, two classes, balanced, pruned", classes, cancer, 240, 6, {"min_samples_leaf": 8, "criterion": "entropy", "ccp_alpha": 0.02, "class_weight": "balanced"}),
        tie_free("squared error, pruned", numbers, diabetes, 180, 10, {"min_samples_leaf": 5, "ccp_alpha": 40.0}),
    ],
}
(here / "trees.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
