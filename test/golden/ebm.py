"""Hold-out quality of gradient boosting and of linear models on scikit-learn's sets: an additive model of curves must lie well beyond the line, near the trees."""
import json
import pathlib

import numpy as np
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import log_loss, mean_squared_error

rng = np.random.default_rng(0)
rows, held = 900, 400
X = rng.normal(size=(rows + held, 4)).astype(np.float32).astype(np.float64)
# Curves, a step, and one pair: what a sum of curves and grids can say, and a line cannot.
score = np.sin(2 * X[:, 0]) * 2 + np.where(X[:, 1] > 0.3, 1.5, -0.5) + 0.5 * X[:, 2] + 1.5 * np.sign(X[:, 0]) * np.sign(X[:, 3])
value = score + 0.3 * rng.normal(size=rows + held)
label = (score + rng.logistic(size=rows + held) * 0.5 > 0).astype(int)


def rmse(model):
    return float(np.sqrt(mean_squared_error(value[rows:], model.fit(X[:rows], value[:rows]).predict(X[rows:]))))


def loss(model):
    return float(log_loss(label[rows:], model.fit(X[:rows], label[:rows]).predict_proba(X[rows:])))


out = {
    "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
    "rows": rows,
    "X": [[float(f"{v:.9g}") for v in column] for column in X.T],
    "value": [float(f"{v:.9g}") for v in value],
    "label": label.tolist(),
    "noise": 0.3,
    "rmse": {"line": rmse(LinearRegression()), "trees": rmse(HistGradientBoostingRegressor(random_state=0))},
    "logLoss": {"line": loss(LogisticRegression()), "trees": loss(HistGradientBoostingClassifier(random_state=0))},
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out))
