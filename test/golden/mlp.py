"""PyTorch's forward pass and three Adam steps on small networks, in float32, from written-down weights."""
import json
from pathlib import Path

import torch

torch.manual_seed(3)
activations = {"relu": torch.relu, "tanh": torch.tanh, "logistic": torch.sigmoid}


def case(name, sizes, activation, task, rate, alpha, rows, weighed=False):
    weights = [torch.randn(i, o) * 0.5 for i, o in zip(sizes, sizes[1:])]
    biases = [torch.randn(o) * 0.1 for o in sizes[1:]]
    x = torch.randn(rows, sizes[0])
    if task == "regression":
        target = torch.randn(rows, 1)
    else:
        target = torch.nn.functional.one_hot(torch.randint(0, sizes[-1], (rows,)), sizes[-1]).float()

    # 1 on average, and one row that does not count.
    counts = torch.rand(rows) + 0.1 if weighed else torch.ones(rows)
    if weighed:
        counts[1] = 0
    counts = (counts / counts.mean()).reshape(-1, 1)

    def forward():
        current = x
        for depth, (w, b) in enumerate(zip(weights, biases)):
            current = current @ w + b
            if depth + 1 < len(weights):
                current = activations[activation](current)
        return current

    def flat():
        return torch.cat([torch.cat([w.detach().reshape(-1), b.detach()]) for w, b in zip(weights, biases)]).tolist()

    start, output = flat(), forward().tolist()
    for p in weights + biases:
        p.requires_grad_(True)
    optimiser = torch.optim.Adam([{"params": weights, "weight_decay": alpha / rows}, {"params": biases}], lr=rate)
    losses, steps = [], []
    for _ in range(3):
        optimiser.zero_grad()
        out = forward()
        loss = (counts * (out - target) ** 2).sum() / (2 * rows) if task == "regression" else -(counts * target * torch.log_softmax(out, dim=1)).sum() / rows
        losses.append(loss.item())
        loss.backward()
        optimiser.step()
        steps.append(flat())
    return {
        "name": name, "sizes": sizes, "activation": activation, "task": task, "learningRate": rate, "alpha": alpha, "rows": rows,
        "inputs": x.reshape(-1).tolist(), "targets": target.reshape(-1).tolist(), "theta": start, "output": [v for row in output for v in row],
        "losses": losses, "steps": steps, **({"weights": counts.reshape(-1).tolist()} if weighed else {}),
    }


cases = [
    case("three classes, ReLU", [4, 8, 6, 3], "relu", "classes", 0.01, 0.0, 12),
    case("two classes, tanh, L2", [3, 5, 2], "tanh", "classes", 0.003, 0.5, 7),
    case("a value, logistic", [5, 6, 4, 1], "logistic", "regression", 0.05, 0.1, 9),
    case("three classes, weights", [4, 6, 3], "relu", "classes", 0.01, 0.1, 11, weighed=True),
    case("a value, weights", [3, 5, 1], "tanh", "regression", 0.02, 0.0, 8, weighed=True),
]
out = {"versions": {"torch": torch.__version__}, "cases": cases}
Path(__file__).with_suffix(".json").write_text(json.dumps(out) + "\n")
