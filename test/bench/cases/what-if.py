"""A person's table of 10,000 rows, and what scikit-learn needs to answer one edited row of it."""
import json
import sys
import time

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

rows = 10_000
numbers = [f"x{i}" for i in range(16)]
names = [f"c{i}" for i in range(4)]


def make(folder):
    rng = np.random.default_rng(7)
    table = pd.DataFrame(rng.normal(size=(rows, 16)).round(4), columns=numbers)
    for i, name in enumerate(names):
        table[name] = [f"v{k}" for k in rng.integers(0, 4 + 6 * i, rows)]
    score = 2 * table["x0"] + np.sin(3 * table["x1"]) + (table["c0"] == "v1") + rng.normal(size=rows)
    table["y"] = np.where(score > 0.3, "yes", "no")
    table.to_csv(f"{folder}/what-if.csv", index=False)


def run(folder, repeats):
    table = pd.read_csv(f"{folder}/what-if.csv")
    X, y = table.drop(columns="y"), table["y"]
    slowest = []
    for model in (LogisticRegression(max_iter=1000), DecisionTreeClassifier(max_depth=8, random_state=0)):
        pipeline = make_pipeline(make_column_transformer((StandardScaler(), numbers), (OneHotEncoder(handle_unknown="ignore"), names)), model).fit(X, y)
        spent = []
        for i in range(20 * repeats):
            row = X.iloc[[i]].copy()
            row["x0"] = i / 100
            start = time.perf_counter()
            pipeline.predict_proba(row)
            spent.append((time.perf_counter() - start) * 1000)
        slowest.append(spent)
    worst = max(slowest, key=np.median)
    print(json.dumps({"ms": worst, "quality": float(np.percentile(worst, 95))}))


if sys.argv[1] == "data":
    make(sys.argv[2])
else:
    run(sys.argv[2], int(sys.argv[3]))
