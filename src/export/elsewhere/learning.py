"""The training loop of both networks: epochs of Adam on shuffled batches, early stopping, and a place to go on from."""
import copy
import hashlib
import json
import os
import time

import torch


def losses_of(job, plan, y):
    """The loss of each row, as a function of outputs and rows, and how the wanted value was scaled: (center, scale)."""
    if job["spec"]["target"]["task"] == "regression":
        center, scale = float(y.mean()), float(y.std()) or 1.0
        wanted = torch.from_numpy((y - center) / scale).float()
        return (lambda out, rows: (out[:, 0] - wanted[rows].to(out.device)) ** 2 / 2), (center, scale)
    wanted = torch.from_numpy(y).long()
    counts = torch.ones(len(y))
    if plan["balanced"]:
        each = torch.bincount(wanted, minlength=len(job["classes"])).double()
        counts = (len(y) / ((each > 0).sum() * each))[wanted].float()
        counts /= counts.mean()
    entropy = torch.nn.functional.cross_entropy
    return (lambda out, rows: entropy(out, wanted[rows].to(out.device), reduction="none") * counts[rows].to(out.device)), (0.0, 1.0)


def fingerprint(plan, X):
    """Of a training: the place of another one is refused."""
    return hashlib.sha256(json.dumps([plan, len(X)]).encode() + X[:1000].tobytes()).hexdigest()


def learn(plan, net, rows, ahead, losses, shuffled, place, of, resume, at_once):
    """Epochs of Adam.

    @param rows how many teach
    @param ahead what the net makes of some rows; step counts from 1 while it learns, and is None while it is judged
    @param shuffled some rows in the order of an epoch, which is None where rows are put aside
    @param place file to go on from, which holds that of the training `of`
    @param at_once rows that are judged together
    @returns the net with its best weights, and what became of the training
    """
    device = next(net.parameters()).device
    kernels = [layer.weight for layer in net.modules() if isinstance(layer, (torch.nn.Linear, torch.nn.Conv2d))]
    others = [weights for weights in net.parameters() if not any(weights is kernel for kernel in kernels)]
    optimiser = torch.optim.Adam([{"params": kernels}, {"params": others}], lr=plan["learningRate"])
    order = shuffled(None, torch.arange(rows))
    aside = max(1, int(rows * plan["validationFraction"] + 0.5)) if plan["validationFraction"] > 0 and rows >= 20 else 0
    held, rest = order[:aside], order[aside:]
    batch = min(plan["batchSize"], max(len(rest), 1))
    steps = -(-len(rest) // batch)
    state = {"epoch": 0, "best": copy.deepcopy(net.state_dict()), "best_loss": float("inf"), "best_epoch": 0, "stale": 0, "history": []}
    if resume and os.path.exists(place):
        kept = torch.load(place, map_location=device)
        if kept["of"] != of:
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
        mixed = shuffled(state["epoch"], rest)
        judged = torch.zeros((), dtype=torch.float64, device=device)
        net.train()
        for number, start in enumerate(range(0, len(mixed), batch)):
            some = mixed[start:start + batch]
            # The studio's penalty is alpha / (2 n) times the sum of squares of the weights.
            optimiser.param_groups[0]["weight_decay"] = plan["alpha"] / len(some)
            optimiser.zero_grad()
            loss = losses(ahead(some, state["epoch"] * steps + number + 1), some).mean()
            loss.backward()
            optimiser.step()
            judged += loss.detach().double() * len(some) / len(mixed)
        net.eval()
        if len(held) > 0:
            with torch.no_grad():
                judged = sum(losses(ahead(held[i:i + at_once], None), held[i:i + at_once]).double().sum() for i in range(0, len(held), at_once)) / len(held)
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
            torch.save({"of": of, "state": state, "net": net.state_dict(), "optimiser": optimiser.state_dict()}, place + ".part")
            os.replace(place + ".part", place)
            saved = time.time()
            print(f"epoch {state['epoch']}: {judged:.5f}", flush=True)
    net.load_state_dict(state["best"])
    return net.eval(), {"epochs": state["epoch"], "bestEpoch": state["best_epoch"], "stoppedBecause": because}, state["history"]
