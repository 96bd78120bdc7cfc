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
import os
import time

import numpy as np
import torch

import learning
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
    losses, (center, scale) = learning.losses_of(job, plan, y)
    place = os.path.join(options.work, "_network.pt")
    device, inputs = torch.device(options.device), torch.from_numpy(X)

    def shuffled(epoch, values):
        return values[torch.from_numpy(np.random.default_rng([plan["seed"], 0 if epoch is None else 1 + epoch]).permutation(len(values)))]

    net = network(plan).to(device)
    net, facts, history = learning.learn(
        plan, net, len(X), lambda rows, step: net(inputs[rows].to(device)), losses, shuffled, place, learning.fingerprint(plan, X), options.resume, 8192,
    )
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
