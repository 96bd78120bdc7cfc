"""Trains the network of job.json with PyTorch, on a graphics card where there is one:

    python3 train_torch.py 'data/part-*.csv' --work shared/work

Processes of prepare.mjs read the partitions, which is the studio's own reading and recipe (Node 20, nothing to install).
Where the partitions hold just the rows of the studio, every row keeps its part; else rows are dealt anew by the same
shares. Test rows are never read. The network begins with the run's own first weights; Adam, penalty, batches and early
stopping are the studio's. Each epoch's place is kept in the work folder: after a crash the same command with --resume
goes on there. The answer is result.json, which the studio brings in.
"""
import argparse
import base64
import copy
import hashlib
import json
import os
import time

import numpy as np
import torch

import prepared

BENDS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "logistic": torch.nn.Sigmoid}


def network(plan):
    """Dense layers with the run's own first weights; in the job they lie layer by layer, (inputs, outputs) before biases."""
    theta = torch.from_numpy(np.frombuffer(base64.b64decode(plan["theta"]), "<f4").copy())
    layers, at = [], 0
    for before, after in zip(plan["sizes"], plan["sizes"][1:]):
        dense = torch.nn.Linear(before, after)
        dense.weight.data = theta[at:at + before * after].reshape(before, after).T.contiguous()
        dense.bias.data = theta[at + before * after:at + (before + 1) * after].clone()
        at += (before + 1) * after
        layers += [dense, BENDS[plan["activation"]]()]
    return torch.nn.Sequential(*layers[:-1])


def flat(net):
    """The weights as the studio has them, in base64."""
    parts = [values.detach().cpu().numpy().ravel() for layer in net if isinstance(layer, torch.nn.Linear) for values in (layer.weight.T, layer.bias)]
    return base64.b64encode(np.concatenate(parts).astype("<f4").tobytes()).decode()


def losses_of(job, y):
    """The loss of each row, as a function of outputs and rows, and how the wanted value was scaled: (center, scale)."""
    plan, regression = job["torch"], job["spec"]["target"]["task"] == "regression"
    if regression:
        center, scale = float(y.mean()), float(y.std()) or 1.0
        wanted = torch.from_numpy(((y - center) / scale).astype(np.float32))
        return (lambda out, rows: (out[:, 0] - wanted[rows].to(out.device)) ** 2 / 2), (center, scale)
    wanted = torch.from_numpy(y.astype(np.int64))
    counts = torch.ones(len(y))
    if plan["balanced"]:
        each = torch.bincount(wanted, minlength=plan["sizes"][-1]).double()
        counts = (len(y) / ((each > 0).sum() * each))[wanted].float()
        counts /= counts.mean()
    entropy = torch.nn.functional.cross_entropy
    return (lambda out, rows: entropy(out, wanted[rows].to(out.device), reduction="none") * counts[rows].to(out.device)), (0.0, 1.0)


def learn(plan, X, losses, device, place, resume):
    """Epochs of Adam. @returns the net with its best weights, and what became of the training"""
    net = network(plan).to(device)
    kernels = [layer.weight for layer in net if isinstance(layer, torch.nn.Linear)]
    biases = [layer.bias for layer in net if isinstance(layer, torch.nn.Linear)]
    optimiser = torch.optim.Adam([{"params": kernels}, {"params": biases}], lr=plan["learningRate"])
    inputs = torch.from_numpy(X)
    order = torch.from_numpy(np.random.default_rng([plan["seed"], 0]).permutation(len(X)))
    aside = max(1, int(len(X) * plan["validationFraction"] + 0.5)) if plan["validationFraction"] > 0 and len(X) >= 20 else 0
    held, rest = order[:aside], order[aside:]
    batch = min(plan["batchSize"], max(len(rest), 1))
    whole = hashlib.sha256(json.dumps([plan, len(X)]).encode() + X[:1000].tobytes()).hexdigest()
    state = {"epoch": 0, "best": copy.deepcopy(net.state_dict()), "best_loss": float("inf"), "best_epoch": 0, "stale": 0, "history": []}
    if resume and os.path.exists(place):
        kept = torch.load(place, map_location=device)
        if kept["of"] != whole:
            raise SystemExit(f"invalid {place}; it is the place of another job or of other rows: train without --resume")
        state = kept["state"]
        net.load_state_dict(kept["net"])
        optimiser.load_state_dict(kept["optimiser"])
    because = "all epochs done"
    saved = time.time()
    while state["epoch"] < plan["maxIter"]:
        if state["stale"] >= plan["nIterNoChange"]:
            because = "no more progress"
            break
        mixed = rest[torch.from_numpy(np.random.default_rng([plan["seed"], 1 + state["epoch"]]).permutation(len(rest)))]
        judged = torch.zeros((), dtype=torch.float64, device=device)
        for start in range(0, len(mixed), batch):
            rows = mixed[start:start + batch]
            # The studio's penalty is alpha / (2 n) times the sum of squares of the weights.
            optimiser.param_groups[0]["weight_decay"] = plan["alpha"] / len(rows)
            optimiser.zero_grad()
            loss = losses(net(inputs[rows].to(device)), rows).mean()
            loss.backward()
            optimiser.step()
            judged += loss.detach().double() * len(rows) / len(mixed)
        if len(held) > 0:
            with torch.no_grad():
                judged = sum(losses(net(inputs[held[i:i + 8192]].to(device)), held[i:i + 8192]).double().sum() for i in range(0, len(held), 8192)) / len(held)
        judged = float(judged)
        state["epoch"] += 1
        if not judged < 1e4:
            if state["best_epoch"] == 0:
                raise SystemExit(f"invalid loss; not below 10,000 in the first epoch: {judged}. Lower the learning rate of the run")
            because = "loss left the finite range"
            break
        state["history"].append(judged)
        state["stale"] = 0 if judged < state["best_loss"] - plan["tol"] else state["stale"] + 1
        if judged < state["best_loss"]:
            state.update(best=copy.deepcopy(net.state_dict()), best_loss=judged, best_epoch=state["epoch"])
        if time.time() - saved > 10 or state["epoch"] == 1:
            torch.save({"of": whole, "state": state, "net": net.state_dict(), "optimiser": optimiser.state_dict()}, place + ".part")
            os.replace(place + ".part", place)
            saved = time.time()
            print(f"epoch {state['epoch']}: {judged:.5f}", flush=True)
    net.load_state_dict(state["best"])
    return net, {"epochs": state["epoch"], "bestEpoch": state["best_epoch"], "stoppedBecause": because}, state["history"]


def main():
    parser = prepared.arguments(argparse.ArgumentParser(description=__doc__.splitlines()[0]))
    parser.add_argument("--processes", type=int, default=min(8, os.cpu_count() or 1), help="of prepare.mjs at once")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="of PyTorch, such as cuda:1")
    parser.add_argument("--resume", action="store_true", help="go on from the place in the work folder")
    options = parser.parse_args()
    job, todo, command = prepared.opened(options)
    plan = job["torch"]
    begun = time.time()
    answers = prepared.prepare(command, todo, max(1, min(options.processes, len(todo))))
    letters, how = prepared.dealt(job, [answer["rows"] for answer in answers])
    rows = prepared.rows_of(letters)
    if rows["train"] < 2:
        raise SystemExit(f"missing training rows; a network needs at least 2: {rows['train']}")
    # All training rows lie in memory: 4 bytes a number.
    X = np.concatenate([prepared.matrix(target, plan["sizes"][0], given, "t") for (_, target), given in zip(todo, letters)])
    y = np.concatenate([prepared.truth(target, given, "t") for (_, target), given in zip(todo, letters)])
    if not np.isfinite(X).all():
        raise SystemExit("invalid feature; a network takes no missing values: add an impute step to the recipe of the run")
    losses, (center, scale) = losses_of(job, y)
    place = os.path.join(options.work, "_network.pt")
    net, facts, history = learn(plan, X, losses, torch.device(options.device), place, options.resume)
    prepared.finish(options, job, {
        "rows": rows,
        "split": how,
        "leftOut": sum(answer["leftOut"] for answer in answers),
        "history": {"loss": history},
        "seconds": round(time.time() - begun, 1),
        "workers": 1,
        "versions": {"torch": torch.__version__, "numpy": np.__version__},
        "network": {"sizes": plan["sizes"], "activation": plan["activation"], "center": center, "scale": scale, "theta": flat(net), **facts},
    })
    if os.path.exists(place):
        os.remove(place)


if __name__ == "__main__":
    main()
