"""Tests that compare models, by scipy (Student, binomial) and by the formulas written out."""
import json
from pathlib import Path

import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(11)
cases = []
for n, ratio, shift in [(5, 1 / 4, 0.02), (10, 1 / 9, 0.05), (100, 1 / 9, 0.01), (10, 1 / 4, 0.0)]:
    a = rng.normal(0.8, 0.03, n)
    b = a - shift + rng.normal(0, 0.02, n)
    d = a - b
    error = np.sqrt((1 / n + ratio) * d.var(ddof=1))
    reach = stats.t.ppf(0.975, n - 1) * error
    cases.append(dict(a=a.tolist(), b=b.tolist(), ratio=ratio, difference=d.mean(), low=d.mean() - reach, high=d.mean() + reach, p=2 * stats.t.sf(abs(d.mean() / error), n - 1)))

tails = [dict(t=t, df=df, p=2 * stats.t.sf(t, df)) for t in (0.0, 0.3, 1.0, 2.5, 6.0, 20.0) for df in (1, 2, 4, 9, 99, 1000)]
coins = [dict(first=k, second=m, p=stats.binomtest(k, k + m, 0.5).pvalue) for k, m in [(0, 5), (3, 3), (2, 9), (10, 30), (100, 130), (700, 600)]]
ps = [0.01, 0.04, 0.03, 0.005, 0.6]
order = np.argsort(ps)
holm = np.empty(len(ps))
holm[order] = np.minimum(1, np.maximum.accumulate(np.array(ps)[order] * np.arange(len(ps), 0, -1)))
out = dict(versions=dict(scipy=scipy.__version__), folds=cases, tails=tails, coins=coins, holm=dict(ps=ps, corrected=holm.tolist()))
Path(__file__).with_suffix(".json").write_text(json.dumps(out))
