"""Scores of fixed predictions by scikit-learn: ties, absent classes, extreme probabilities, zero division."""
import json
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn import metrics as m
from sklearn.calibration import calibration_curve

warnings.filterwarnings("ignore")
rng = np.random.default_rng(20261121)


def try_score(f):
    try:
        value = float(f())
    except ValueError:
        return None
    return None if np.isnan(value) else value


def binary(name, y, p, threshold=0.5):
    y, p = np.asarray(y), np.asarray(p, dtype=float)
    label = (p >= threshold).astype(int)
    both = len(set(y.tolist())) == 2
    spread = both and len(set(label.tolist())) == 2
    P = np.column_stack([1 - p, p])
    P[:, 0] = 1 - P[:, 1]
    scores = {
        "accuracy": m.accuracy_score(y, label),
        "balanced-accuracy": m.balanced_accuracy_score(y, label),
        "precision": m.precision_score(y, label) if label.sum() else None,
        "recall": m.recall_score(y, label) if y.sum() else None,
        "f1": m.f1_score(y, label) if label.sum() + y.sum() else None,
        "mcc": m.matthews_corrcoef(y, label) if spread else None,
        "roc-auc": m.roc_auc_score(y, p) if both else None,
        "average-precision": m.average_precision_score(y, p) if y.sum() else None,
        "log-loss": m.log_loss(y, P, labels=[0, 1]),
        "brier": float(np.mean((p - y) ** 2)) if not both else m.brier_score_loss(y, p, pos_label=1),
    }
    add_averages(scores, y, label)
    observed, predicted = calibration_curve(y, p, n_bins=10, pos_label=1) if both else (np.array([]), np.array([]))
    return {
        "name": name, "task": "binary", "classes": ["no", "yes"], "codes": y.tolist(), "probabilities": P.ravel().tolist(), "threshold": threshold,
        "scores": {k: None if v is None else float(v) for k, v in scores.items()},
        "calibration": {"observed": observed.tolist(), "predicted": predicted.tolist()} if both else None,
        "confusion": m.confusion_matrix(y, label, labels=[0, 1]).tolist(),
    }


def add_averages(scores, y, label):
    for average in ("macro", "weighted"):
        for key, f in (("precision", m.precision_score), ("recall", m.recall_score), ("f1", m.f1_score)):
            scores[f"{key}-{average}"] = f(y, label, average=average, zero_division=0)


def multiclass(name, y, P):
    y, P = np.asarray(y), np.asarray(P, dtype=float)
    k = P.shape[1]
    label = P.argmax(axis=1)
    onehot = np.eye(k)[y]
    every = len(set(y.tolist())) == k
    spread = len(set(y.tolist())) > 1 and len(set(label.tolist())) > 1
    scores = {
        "accuracy": m.accuracy_score(y, label),
        "balanced-accuracy": m.balanced_accuracy_score(y, label),
        "mcc": m.matthews_corrcoef(y, label) if spread else None,
        "roc-auc": try_score(lambda: m.roc_auc_score(y, P, multi_class="ovr", average="macro", labels=list(range(k)))) if every else None,
        "average-precision": m.average_precision_score(onehot, P, average="macro") if every else None,
        "log-loss": m.log_loss(y, P, labels=list(range(k))),
        # Brier 1950: the sum over classes; scikit-learn 1.2 has two classes only.
        "brier": float(np.mean(np.sum((P - onehot) ** 2, axis=1))),
    }
    add_averages(scores, y, label)
    pc = m.precision_recall_fscore_support(y, label, labels=list(range(k)), zero_division=0)
    return {
        "name": name, "task": "multiclass", "classes": [f"c{i}" for i in range(k)], "codes": y.tolist(), "probabilities": P.ravel().tolist(), "threshold": 0.5,
        "scores": {k2: None if v is None else float(v) for k2, v in scores.items()},
        "perClass": {"precision": pc[0].tolist(), "recall": pc[1].tolist(), "f1": pc[2].tolist(), "support": pc[3].tolist()},
        "confusion": m.confusion_matrix(y, label, labels=list(range(k))).tolist(),
    }


def regression(name, y, p):
    y, p = np.asarray(y, dtype=float), np.asarray(p, dtype=float)
    varies = len(y) > 1 and len(set(y.tolist())) > 1
    return {
        "name": name, "task": "regression", "actual": y.tolist(), "predicted": p.tolist(),
        "scores": {
            "mae": m.mean_absolute_error(y, p),
            "rmse": float(np.sqrt(m.mean_squared_error(y, p))),
            "median-absolute-error": m.median_absolute_error(y, p),
            "r2": m.r2_score(y, p) if varies else None,
        },
    }


def soft(n, k, signal, y):
    z = rng.normal(size=(n, k)) + signal * np.eye(k)[y]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def noisy(n, share, signal):
    y = (rng.random(n) < share).astype(int)
    return y, 1 / (1 + np.exp(-(rng.normal(size=n) + signal * (2 * y - 1))))


cases = []
y, p = noisy(300, 0.5, 0.8)
cases.append(binary("balanced", y, p))
cases.append(binary("threshold 0.3", y, p, 0.3))
cases.append(binary("threshold 1", y, p, 1.0))
cases.append(binary("ties on a grid of tenths", y, np.round(p, 1)))
cases.append(binary("one probability for all", y, np.full(300, 0.25)))
y, p = noisy(400, 0.03, 1.0)
cases.append(binary("rare positives", y, p))
cases.append(binary("no positive row", np.zeros(20, int), rng.random(20)))
cases.append(binary("only positive rows", np.ones(20, int), rng.random(20)))
cases.append(binary("nothing predicted positive", [0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4]))
cases.append(binary("certain and wrong", [0, 1, 0, 1, 1], [1.0, 0.0, 0.0, 1.0, 1e-300]))
cases.append(binary("perfect", [0, 1, 0, 1], [0.0, 1.0, 0.0, 1.0]))
cases.append(binary("reversed", [0, 1, 0, 1], [0.9, 0.1, 0.8, 0.2]))
cases.append(binary("two rows", [0, 1], [0.5, 0.5]))
cases.append(binary("one row", [1], [0.7]))
cases.append(binary("neighbours of one half", [0, 1, 1, 0], [0.5, np.nextafter(0.5, 0), np.nextafter(0.5, 1), 0.5]))
for k, n in ((3, 240), (5, 200)):
    y = rng.integers(0, k, n)
    cases.append(multiclass(f"{k} classes", y, soft(n, k, 1.0, y)))
y = rng.choice(4, 250, p=[0.9, 0.06, 0.03, 0.01])
y[:4] = [0, 1, 2, 3]
cases.append(multiclass("skewed", y, soft(250, 4, 1.5, y)))
y = rng.integers(0, 2, 100)
cases.append(multiclass("a class absent from the truth", y, soft(100, 3, 1.0, y)))
y = rng.integers(0, 3, 100)
P = soft(100, 3, 1.0, y)
P[:, 2] = 0
cases.append(multiclass("a class never predicted", y, P / P.sum(axis=1, keepdims=True)))
cases.append(multiclass("a class neither there nor predicted", [0, 1, 0, 1], [[0.8, 0.2, 0], [0.3, 0.7, 0], [0.4, 0.6, 0], [0.1, 0.9, 0]]))
cases.append(multiclass("ties between classes", [0, 1, 2, 0], [[1 / 3, 1 / 3, 1 / 3], [0.4, 0.4, 0.2], [0.2, 0.4, 0.4], [0.5, 0.0, 0.5]]))
cases.append(multiclass("certain and wrong, three classes", [0, 1, 2], [[0, 1, 0], [0, 1, 0], [0, 0, 1]]))
y = rng.normal(50, 12, 301)
cases.append(regression("noise, odd n", y, y + rng.normal(0, 5, 301)))
cases.append(regression("noise, even n", y[:300], y[:300] + rng.standard_t(2, 300)))
cases.append(regression("constant prediction", y, np.full(301, 50.0)))
cases.append(regression("constant target", np.full(10, 3.0), rng.normal(3, 1, 10)))
cases.append(regression("perfect", [1.0, 2.0, 4.0], [1.0, 2.0, 4.0]))
cases.append(regression("large offset", 1e9 + y, 1e9 + y + rng.normal(0, 5, 301)))
cases.append(regression("tied errors", [0.0, 0.0, 0.0, 0.0, 5.0], [1.0, -1.0, 1.0, 3.0, 5.0]))
cases.append(regression("one row", [2.0], [3.5]))

out = {"versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__}, "cases": cases}
Path(__file__).with_suffix(".json").write_text(json.dumps(out) + "\n")
