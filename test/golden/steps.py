"""Recipe steps against scikit-learn and pandas, on columns with holes, ties, outliers and rare categories."""
import json
import pathlib

import numpy as np
import pandas as pd
import sklearn
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler

rng = np.random.default_rng(7)
cases = []


def numbers(values):
    return [None if np.isnan(v) else float(v) for v in np.asarray(values, dtype=np.float64).ravel()]


def f32(values):
    # Both sides see float32 numbers, so that only the step itself can differ.
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def add(step, params, kind, train, test, outputs, names=None):
    cases.append({"step": step, "params": params, "kind": kind, "train": train, "test": test, "outputs": outputs, "names": names})


columns = {
    "normal": f32(rng.normal(3, 2, 41)),
    "skewed": f32(np.exp(rng.normal(0, 1.5, 40))),
    "far from zero": f32(rng.normal(20000, 3, 33)),
    "ties": f32(rng.integers(0, 4, 50)),
    "constant": f32(np.full(20, 7.25)),
    "single": f32([4.5]),
}
test = f32([-50, 0, 0.5, 3, 7.25, 1e4, 2e4])
for name, train in columns.items():
    for method, scaler in (("standard", StandardScaler()), ("min-max", MinMaxScaler()), ("robust", RobustScaler())):
        scaler.fit(train[:, None])
        add("scale", {"method": method}, "numeric", numbers(train), numbers(test), [numbers(scaler.transform(test[:, None]))], [f"{name} {method}"])
    low, high = np.quantile(train, [0.05, 0.9])
    add("clip", {"lower": 0.05, "upper": 0.9}, "numeric", numbers(train), numbers(test), [numbers(np.clip(test, low, high))], [name])
    holed = train.copy()
    holed[1::3] = np.nan
    probe = np.array([np.nan, 1.5, np.nan])
    for strategy in ("mean", "median", "most_frequent", "constant"):
        imputer = SimpleImputer(strategy=strategy, fill_value=-2.5 if strategy == "constant" else None, add_indicator=bool(np.isnan(holed).any()))
        out = imputer.fit(holed[:, None]).transform(probe[:, None])
        params = {"strategy": strategy.replace("_", "-"), "fillValue": "-2.5", "indicator": out.shape[1] == 2}
        add("impute", params, "numeric", numbers(holed), numbers(probe), [numbers(c) for c in out.T], [name])

words = ["zinc", "__proto__", *rng.choice(["red", "green", "blue", "Éclair", "zinc", "__proto__"], 118, p=[0.4, 0.3, 0.2, 0.06, 0.02, 0.02]).tolist()]
probe = ["red", "green", "blue", "Éclair", "zinc", "__proto__", "never seen"]
table = np.array(words, dtype=object)[:, None]
probes = np.array(probe, dtype=object)[:, None]
for share in (0.0, 0.05, 0.25):
    # min_frequency as a share of rows, the bucket for rare ones also takes the unseen.
    encoder = OneHotEncoder(min_frequency=share or None, handle_unknown="infrequent_if_exist", sparse_output=False)
    encoder.fit(table)
    hot = encoder.transform(probes)
    has_bucket = encoder.infrequent_categories_[0] is not None if share else False
    kept = [c for c in encoder.categories_[0] if not has_bucket or c not in set(encoder.infrequent_categories_[0])]
    columns_out = [numbers(c) for c in hot.T]
    if not has_bucket:
        # Without rare categories scikit-learn writes an unseen value as zeros; our bucket is always there.
        columns_out.append([0.0] * (len(probe) - 1) + [1.0])
    names = [f"a column = {c}" for c in kept] + ["a column is another"]
    add("onehot", {"minFrequency": share, "missing": "zeros"}, "categorical", words, probe, columns_out, names)
encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan).fit(table)
holed = np.array([*probe, None], dtype=object)[:, None]
add("ordinal", {"order": "alphabetical"}, "categorical", words, [*probe, None], [numbers(encoder.transform(holed))], list(encoder.categories_[0]))
encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=6).fit(table)
add("ordinal", {"order": "alphabetical", "unseen": "bucket"}, "categorical", words, probe, [numbers(encoder.transform(probes))], None)
counts = pd.Series(words).value_counts()
order = sorted(counts.index, key=lambda w: (-counts[w], w))
encoder = OrdinalEncoder(categories=[order], handle_unknown="use_encoded_value", unknown_value=np.nan).fit(table)
add("ordinal", {"order": "frequency"}, "categorical", words, probe, [numbers(encoder.transform(probes))], order)
imputer = SimpleImputer(strategy="most_frequent", missing_values=None).fit(np.array(words + [None, None], dtype=object)[:, None])
filled = imputer.transform(np.array(["blue", None], dtype=object)[:, None])
add("impute", {"strategy": "most-frequent"}, "categorical", words + [None, None], ["blue", None], [filled[:, 0].tolist()], None)

moments = pd.to_datetime(["1704-02-29T23:59:59", "1800-03-01", "1899-12-31T12:30:00", "1900-02-28T00:00:01", "1969-12-31T23:59:59", "1970-01-01", "2000-02-29T01:00:00", "2023-12-31T23:00:00", "2024-12-30T00:00:00", "2100-03-01T05:00:00"])
spread = moments.append(pd.to_datetime(rng.integers(-8_000_000_000, 9_000_000_000, 60), unit="s"))
seconds = (spread - pd.Timestamp(0)) // pd.Timedelta(seconds=1)
add("datetime-parts", {}, "datetime", numbers(seconds[:5]), numbers(seconds), [numbers(p) for p in (spread.year, spread.month, spread.weekday, spread.hour)], None)

out = {"versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "pandas": pd.__version__}, "cases": cases}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out, allow_nan=False))
