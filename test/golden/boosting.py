"""scikit-learn's HistGradientBoosting by 5-fold cross-validation: scores a fold, to stay within noise of."""
import json
import pathlib

import numpy as np
import pandas as pd
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import KFold, StratifiedKFold

here = pathlib.Path(__file__).parent
samples = here.parent.parent / "public" / "samples"


def number(value):
    return None if np.isnan(value) else float(str(np.float32(value)))


def coded(frame):
    """Text columns become codes of their categories in order of appearance; missing stays missing."""
    columns, categories = [], []
    for name in frame:
        series = frame[name]
        if series.dtype == object or series.dtype == bool:
            codes, names = pd.factorize(series)
            columns.append(np.where(codes < 0, np.nan, codes))
            categories.append(len(names))
        else:
            columns.append(series.to_numpy(float))
            categories.append(0)
    return np.array(columns, dtype=np.float32).T, categories


def case(name, X, y, categories, params):
    X = X.astype(np.float32)
    classes = y.dtype.kind in "iu"
    splitter = (StratifiedKFold if classes else KFold)(5, shuffle=True, random_state=0)
    fold_of = np.zeros(len(y), int)
    scores = []
    make = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    for fold, (train, test) in enumerate(splitter.split(X, y)):
        fold_of[test] = fold
        categorical = [i for i, count in enumerate(categories) if count > 0] or None
        model = make(early_stopping=False, categorical_features=categorical, **params).fit(X[train], y[train])
        if classes:
            scores.append(log_loss(y[test], model.predict_proba(X[test]), labels=np.unique(y)))
        else:
            scores.append(mean_squared_error(y[test], model.predict(X[test])))
    result = {
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
        "name": name,
        "task": ("binary" if len(np.unique(y)) == 2 else "multiclass") if classes else "regression",
        "params": params,
        "categories": categories,
        "columns": [[number(v) for v in column] for column in X.T],
        "target": y.tolist(),
        "fold": fold_of.tolist(),
        "score": scores,
    }
    (here / f"boosting-{name}.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
    print(name, X.shape, np.mean(scores))


def plain(loader, name, params, rows=None):
    X, y = loader.data[:rows], loader.target[:rows]
    case(name, X, y, [0] * X.shape[1], params)


plain(load_breast_cancer(), "cancer", {"max_iter": 60, "learning_rate": 0.1})
plain(load_wine(), "wine", {"max_iter": 60, "learning_rate": 0.1, "min_samples_leaf": 5})
plain(load_diabetes(scaled=False), "diabetes", {"max_iter": 60, "learning_rate": 0.05, "l2_regularization": 1.0})
plain(load_digits(), "digits", {"max_iter": 30, "learning_rate": 0.1, "max_leaf_nodes": 15}, 900)

penguins = pd.read_csv(samples / "penguins.csv").dropna(subset=["species"])
X, categories = coded(penguins.drop(columns="species"))
case("penguins", X, pd.factorize(penguins["species"])[0], categories, {"max_iter": 60, "learning_rate": 0.1})

credit = pd.read_csv(samples / "german-credit.csv")
print(credit.columns.tolist())
X, categories = coded(credit.iloc[:, :-1])
case("credit", X, pd.factorize(credit.iloc[:, -1])[0], categories, {"max_iter": 60, "learning_rate": 0.05})
