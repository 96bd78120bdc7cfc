"""Recipe steps against scikit-learn's transformers and pandas' calendar, fitted on some rows, applied to others."""
import json
import pathlib

import numpy as np
import pandas as pd
import sklearn
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler

rng = np.random.default_rng(5)
n = 60
x = np.round(rng.normal(50, 12, n), 2).astype(np.float32).astype(np.float64)
x[[3, 17, 40]] = np.nan
constant = np.full(n, 7.0)
c = rng.choice(["red", "green", "blue", "rare"], n, p=[0.5, 0.3, 0.17, 0.03]).astype(object)
train, later = slice(0, 40), slice(40, n)
c[later][-1] = "unseen"
c_missing = c.copy()
c_missing[[1, 45]] = None
cases = []


def clean(values):
    return [None if v is None or (isinstance(v, float) and np.isnan(v)) else v for v in values]


def numeric(name, step, params, model, data):
    model.fit(data[train].reshape(-1, 1))
    out = model.transform(data[later].reshape(-1, 1))
    cases.append({"name": name, "step": step, "params": params, "kind": "numeric", "train": clean(data[train].tolist()), "later": clean(data[later].tolist()), "out": [clean(col.tolist()) for col in out.T]})


for strategy in ("mean", "median", "most_frequent"):
    numeric(f"impute {strategy}", "impute", {"strategy": strategy.replace("_", "-")}, SimpleImputer(strategy=strategy), x)
numeric("impute constant", "impute", {"strategy": "constant", "fillValue": "-1"}, SimpleImputer(strategy="constant", fill_value=-1), x)
numeric("impute with indicator", "impute", {"strategy": "median", "indicator": True}, SimpleImputer(strategy="median", add_indicator=True), x)
numeric("scale standard", "scale", {"method": "standard"}, StandardScaler(), x)
numeric("scale min-max", "scale", {"method": "min-max"}, MinMaxScaler(), x)
numeric("scale robust", "scale", {"method": "robust"}, RobustScaler(), x)
numeric("scale standard constant", "scale", {"method": "standard"}, StandardScaler(), constant)
numeric("scale min-max constant", "scale", {"method": "min-max"}, MinMaxScaler(), constant)

low, high = np.nanquantile(x[train], [0.05, 0.9])
cases.append({"name": "clip", "step": "clip", "params": {"lower": 0.05, "upper": 0.9}, "kind": "numeric", "train": clean(x[train].tolist()), "later": clean(x[later].tolist()), "out": [clean(np.clip(x[later], low, high).tolist())]})

# handle_unknown="infrequent_if_exist" with a rare category: our "another" column is theirs for infrequent ones.
hot = OneHotEncoder(min_frequency=0.1, handle_unknown="infrequent_if_exist", sparse_output=False).fit(c[train].reshape(-1, 1))
assert "infrequent" in hot.get_feature_names_out()[-1], hot.get_feature_names_out()
cases.append({"name": "onehot with rare and unseen", "step": "onehot", "params": {"minFrequency": 0.1}, "kind": "categorical", "train": clean(c[train]), "later": clean(c[later]), "out": [col.tolist() for col in hot.transform(c[later].reshape(-1, 1)).T]})

ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan).fit(c[train].reshape(-1, 1))
cases.append({"name": "ordinal", "step": "ordinal", "params": {}, "kind": "categorical", "train": clean(c[train]), "later": clean(c_missing[later]), "out": [clean(ordinal.transform(c_missing[later].reshape(-1, 1))[:, 0].tolist())]})

moments = pd.Series(pd.to_datetime(["1899-12-31 23:59:59", "1969-12-31 23:59:59", "1970-01-01", "2000-02-29 12:30:00", "2023-12-31 23:00:00", "2024-02-29", "2024-03-01 07:00:00", "2100-03-01", "1600-02-29 01:00:00".replace("1600", "1704")]))
seconds = [int(v.timestamp()) for v in moments]
cases.append({"name": "datetime parts", "step": "datetime-parts", "params": {}, "kind": "datetime", "train": seconds, "later": seconds, "out": [[float(v) for v in getattr(moments.dt, part)] for part in ("year", "month", "weekday", "hour")]})

out = {"versions": {"scikit-learn": sklearn.__version__, "pandas": pd.__version__, "numpy": np.__version__}, "cases": cases}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out))
