"""Fits the linear model of job.json with PyTorch in float64, on a graphics card where there is one:

    python3 train_linear_torch.py 'data/part-*.csv' --work shared/work

Processes of prepare.mjs read the partitions, which is the studio's own reading and recipe (Node 20, nothing to install).
Where the partitions hold just the rows of the studio, every row keeps its part; else rows are dealt anew by the same
shares. Test rows are never read. There is one best model: least squares by the normal equations, logistic regression by
L-BFGS until its gradient is as small as the run wants it. The answer is result.json, which the studio brings in.
"""
import argparse
import os
import time

import numpy as np
import torch

import prepared

BLOCK = 65536


def blocks(X, device):
    """Rows as float64, so many at once. @returns (first row, rows)"""
    for start in range(0, len(X), BLOCK):
        yield start, torch.from_numpy(X[start:start + BLOCK]).to(device).double()


def squares(plan, X, y, device):
    """The smallest solution of the normal equations of centred features. @returns (coefficients, intercepts, facts)"""
    target = torch.from_numpy(y).to(device)
    features = X.shape[1]
    means, level = torch.zeros(features, dtype=torch.float64, device=device), 0.0
    if plan["fitIntercept"]:
        means = sum(part.sum(0) for _, part in blocks(X, device)) / len(X)
        level = float(target.mean())
    gram = torch.zeros(features, features, dtype=torch.float64, device=device)
    along = torch.zeros(features, dtype=torch.float64, device=device)
    for start, part in blocks(X, device):
        part = part - means
        gram += part.T @ part
        along += part.T @ (target[start:start + BLOCK] - level)
    scales = gram.diagonal().clamp(min=1e-300).sqrt()
    rank = int((torch.linalg.eigvalsh(gram / scales / scales[:, None]) > 1e-10 * features).sum())
    gram.diagonal().add_(plan["l2"])
    w = torch.linalg.solve(gram, along) if plan["l2"] > 0 or rank == features else torch.linalg.pinv(gram, hermitian=True, rtol=1e-10) @ along
    return w[None], torch.stack([level - means @ w]), {"fullRank": rank == features}


def logistic(plan, X, y, device):
    """Weighted log loss and half the squared penalty over the rows. @returns (coefficients, intercepts, facts)"""
    classes, outputs = plan["classes"], 1 if plan["classes"] == 2 else plan["classes"]
    codes = torch.from_numpy(y.astype(np.int64)).to(device)
    counts = torch.ones(len(y), dtype=torch.float64, device=device)
    if plan["balanced"]:
        each = torch.bincount(codes, minlength=classes).double()
        counts = (len(y) / ((each > 0).sum() * each))[codes]
    w = torch.zeros(outputs, X.shape[1], dtype=torch.float64, device=device, requires_grad=True)
    b = torch.zeros(outputs, dtype=torch.float64, device=device, requires_grad=True)
    steps = torch.optim.LBFGS([w, b], max_iter=100 * plan["maxIter"], max_eval=200 * plan["maxIter"], tolerance_grad=plan["tol"], tolerance_change=0, history_size=50, line_search_fn="strong_wolfe")

    def loss():
        steps.zero_grad()
        total = plan["l2"] / 2 * (w * w).sum() / len(X)
        total.backward()
        for start, part in blocks(X, device):
            scores = part @ w.T + b
            scores = torch.cat([torch.zeros_like(scores), scores], 1) if outputs == 1 else scores
            own = torch.nn.functional.cross_entropy(scores, codes[start:start + BLOCK], reduction="none") @ counts[start:start + BLOCK] / len(X)
            own.backward()
            total = total.detach() + own.detach()
        return total

    steps.step(loss)
    return w.detach(), b.detach(), {"lbfgsSteps": int(steps.state[w]["n_iter"]), "converged": bool(max(w.grad.abs().max(), b.grad.abs().max()) <= plan["tol"] * 10)}


def main():
    parser = prepared.arguments(argparse.ArgumentParser(description=__doc__.splitlines()[0]))
    parser.add_argument("--processes", type=int, default=min(8, os.cpu_count() or 1), help="of prepare.mjs at once")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="of PyTorch, such as cuda:1")
    options = parser.parse_args()
    job, todo, command = prepared.opened(options)
    plan, begun = job["linear"], time.time()
    answers = prepared.prepare(command, todo, max(1, min(options.processes, len(todo))))
    letters, how = prepared.dealt(job, [answer["rows"] for answer in answers])
    rows = prepared.rows_of(letters)
    if rows["train"] < 2:
        raise SystemExit(f"missing training rows; a linear model needs at least 2: {rows['train']}")
    features = len(job["recipe"]["features"])
    X = np.concatenate([prepared.matrix(target, features, given, "t") for (_, target), given in zip(todo, letters)])
    y = np.concatenate([prepared.truth(target, given, "t") for (_, target), given in zip(todo, letters)])
    if not np.isfinite(X).all():
        raise SystemExit("invalid feature; a linear model takes no missing values: add an impute step to the recipe of the run")
    coefficients, intercepts, facts = (logistic if plan["kind"] == "logistic" else squares)(plan, X, y, torch.device(options.device))
    prepared.finish(options, job, {
        "rows": rows,
        "split": how,
        "leftOut": sum(answer["leftOut"] for answer in answers),
        "history": {},
        "seconds": round(time.time() - begun, 1),
        "workers": 1,
        "versions": {"torch": torch.__version__, "numpy": np.__version__},
        "linear": {"coefficients": coefficients.ravel().tolist(), "intercepts": intercepts.ravel().tolist(), "featureScales": X.std(axis=0, dtype=np.float64).tolist(), "facts": facts},
    })


if __name__ == "__main__":
    main()
