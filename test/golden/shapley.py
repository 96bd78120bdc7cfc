"""Interventional Shapley values of raw columns by brute force: every coalition of columns against every background row.

Holes and categories are among the columns, and a whole scikit-learn pipeline is the model.
"""
import itertools
import json
import math
import pathlib

import numpy as np
import pandas as pd
import sklearn
from sklearn import datasets
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVR

rng = np.random.default_rng(5)


def shapley(ask, row, background):
    names = list(background.columns)
    d = len(names)
    worth = {}
    for size in range(d + 1):
        for coalition in itertools.combinations(range(d), size):
            mixed = background.copy()
            for c in coalition:
                mixed[names[c]] = [row[names[c]]] * len(mixed)
            worth[frozenset(coalition)] = float(np.mean(ask(mixed)))
    parts = []
    for j in range(d):
        others = [c for c in range(d) if c != j]
        parts.append(sum(
            math.factorial(size) * math.factorial(d - size - 1) / math.factorial(d) * (worth[frozenset(chosen) | {j}] - worth[frozenset(chosen)])
            for size in range(d) for chosen in itertools.combinations(others, size)
        ))
    return worth[frozenset()], worth[frozenset(range(d))], parts


def cell(value):
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else value


def case(name, estimator, params, model, bunch, at, task):
    order = rng.permutation(len(bunch.data))[:60]
    # float32 numbers, so that both sides see the same cells.
    numbers = bunch.data[order][:, at].astype(np.float32).astype(np.float64)
    numbers[rng.random(60) < 0.15, 1] = np.nan
    target = bunch.target[order]
    colour = [["red", "green", "blue"][int(v)] for v in np.digitize(target + rng.normal(0, target.std(), 60), np.quantile(target, [0.3, 0.7]))]
    table = pd.DataFrame({f"x{i}": numbers[:, i] for i in range(len(at))})
    table["colour"] = pd.Series([None if i % 9 == 4 else c for i, c in enumerate(colour)], dtype=object)
    names = [f"x{i}" for i in range(len(at))]
    hot = make_pipeline(SimpleImputer(strategy="constant", fill_value="none", missing_values=None), OneHotEncoder(handle_unknown="ignore"))
    pipe = make_pipeline(ColumnTransformer([("n", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), names), ("c", hot, ["colour"])], sparse_threshold=0), model)
    y = target if task == "regression" else np.array([f"k{v}" for v in target])
    background = table[:45]
    pipe.fit(background, y[:45])
    asked = []
    for i in (45, 49, 53):
        row = table.iloc[i]
        alone = table.iloc[i:i + 1]
        which = 0 if task == "regression" else int(np.argmax(pipe.predict_proba(alone)[0]))
        ask = pipe.predict if task == "regression" else (lambda mixed, which=which: pipe.predict_proba(mixed)[:, which])
        base, answer, parts = shapley(ask, row, background)
        asked.append({"cells": [cell(row[c]) for c in table.columns], "class": None if task == "regression" else f"k{which}", "base": base, "answer": answer, "parts": parts})
    return {
        "name": name, "estimator": estimator, "params": params, "task": task,
        "columns": list(table.columns), "cells": [[cell(v) for v in table[c][:45]] for c in table.columns],
        "y": y[:45].tolist(), "asked": asked,
    }


wine, diabetes = datasets.load_wine(), datasets.load_diabetes()
result = {
    "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
    "cases": [
        case("k nearest neighbours, three classes", "k-neighbors", {"nNeighbors": 7}, KNeighborsClassifier(7), wine, [0, 6, 9, 12], "multiclass"),
        case("Gaussian naive Bayes, three classes", "gaussian-nb", {"varSmoothing": 0.1}, GaussianNB(var_smoothing=0.1), wine, [1, 5, 10], "multiclass"),
        case("support vectors with a kernel, numbers", "svm", {"C": 50, "epsilon": 5, "gamma": 0.2, "tol": 1e-8}, SVR(C=50, epsilon=5, gamma=0.2, tol=1e-8), diabetes, [2, 3, 6, 8], "regression"),
    ],
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
