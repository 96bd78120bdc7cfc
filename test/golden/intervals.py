"""
Standard errors of many logistic coefficients: the diagonal of the inverse of the penalised information, by numpy at scikit-learn's
optimum. Features are made by a formula of whole numbers, the same in the test, so that no table has to be kept.
"""
import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore", message="(?i).*line search.*")
warnings.filterwarnings("ignore", message="newton-cg failed to converge")


def features(rows, columns):
    i = np.arange(rows)[:, None]
    j = np.arange(columns)[None, :]
    return ((i * i * 7 + (j + 3) * (i + 11) * 53 + j * j * 29) % 1009 / 1009 - 0.5).astype(np.float32).astype(np.float64)


def errors(X, shares, C):
    """shares: rows x outputs; one output is the sigmoid of two classes, more are a softmax."""
    rows, outputs = shares.shape
    design = np.column_stack([X, np.ones(rows)])
    p = design.shape[1]
    information = np.zeros((outputs * p, outputs * p))
    for a in range(outputs):
        for b in range(outputs):
            weight = shares[:, a] * ((a == b) - shares[:, b])
            information[a * p : (a + 1) * p, b * p : (b + 1) * p] = design.T @ (design * weight[:, None])
    information += np.diag(np.tile(np.append(np.full(p - 1, 1 / C), 0.0), outputs))
    # All intercepts of a softmax may move together: no coefficient hangs on which of those points is taken.
    inverse = np.linalg.pinv(information, hermitian=True) if outputs > 1 else np.linalg.inv(information)
    return np.sqrt(np.diag(inverse)).reshape(outputs, p)[:, :-1].ravel()


cases = []
for rows, columns, classes, C in ((400, 250, 2, 1.0), (700, 620, 2, 10.0), (300, 120, 3, 1.0)):
    X = features(rows, columns)
    score = X[:, 0] - X[:, 1] + X[:, 2] / 2
    y = np.searchsorted(np.quantile(score, np.arange(1, classes) / classes), score)
    model = LogisticRegression(C=C, solver="newton-cg", tol=1e-12, max_iter=10000).fit(X, y)
    shares = model.predict_proba(X)[:, 1:] if classes == 2 else model.predict_proba(X)
    found = errors(X, shares, C)
    cases.append({"rows": rows, "columns": columns, "classes": classes, "C": C, "y": y.tolist(), "standardErrors": [float(f"{v:.10g}") for v in found]})

out = {"versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__}, "cases": cases}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out))
