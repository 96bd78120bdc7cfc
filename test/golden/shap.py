"""XGBoost's trees and its exact contributions (pred_contribs), missing values among the rows."""
import json
import pathlib

import numpy as np
import xgboost

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(1)


def trees_of(booster):
    out = []
    for text in booster.get_dump(dump_format="json", with_stats=True):
        nodes = []

        def walk(node):
            at = len(nodes)
            nodes.append(None)
            if "leaf" in node:
                nodes[at] = {"value": node["leaf"], "cover": node["cover"]}
                return at
            children = {child["nodeid"]: walk(child) for child in node["children"]}
            nodes[at] = {
                "feature": int(node["split"][1:]), "below": float(np.float32(node["split_condition"])), "cover": node["cover"],
                "left": children[node["yes"]], "right": children[node["no"]], "missingLeft": node["missing"] == node["yes"],
            }
            return at

        walk(json.loads(text))
        out.append(nodes)
    return out


def case(name, params, rounds, classes):
    X = rng.normal(size=(400, 6)).astype(np.float32)
    X[rng.random(X.shape) < 0.1] = np.nan
    Z = np.nan_to_num(X)
    score = Z[:, 0] * Z[:, 1] + Z[:, 2] + np.abs(Z[:, 3]) + 0.3 * rng.normal(size=400)
    y = np.digitize(score, np.quantile(score, np.linspace(0, 1, classes + 1)[1:-1])) if classes else score
    data = xgboost.DMatrix(X, y)
    booster = xgboost.train({"base_score": 0.5, **params}, data, rounds)
    held = X[:25]
    matrix = xgboost.DMatrix(held)
    return {
        "name": name,
        "outputs": max(1, params.get("num_class", 1)),
        "trees": trees_of(booster),
        "rows": [[None if np.isnan(x) else float(str(x)) for x in row] for row in held],
        "contributions": np.round(booster.predict(matrix, pred_contribs=True).astype(float), 9).reshape(25, -1).tolist(),
    }


result = {
    "versions": {"xgboost": xgboost.__version__},
    "cases": [
        case("two classes, depth 6", {"objective": "binary:logistic", "max_depth": 6, "eta": 0.3}, 12, 2),
        case("values, depth 3", {"objective": "reg:squarederror", "max_depth": 3}, 20, 0),
        case("three classes", {"objective": "multi:softprob", "num_class": 3, "max_depth": 4}, 4, 3),
    ],
}
(here / "shap.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
