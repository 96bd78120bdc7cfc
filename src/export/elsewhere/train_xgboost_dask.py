"""Trains the run of job.json with XGBoost on a Dask cluster:

    python3 train_xgboost_dask.py 'data/part-*.csv' --work shared/work --scheduler tcp://HOST:8786

Each worker reads its partitions with prepare.mjs, which is the studio's own reading and recipe (Node 20, nothing to
install). Where the partitions hold just the rows of the studio, every row keeps its part; else rows are dealt anew by
the same shares. Test rows are never read. The answer is result.json, which the studio brings in.
"""
import argparse
import json
import os
import time

import dask
import dask.array as da
import distributed
import numpy as np
import xgboost as xgb
from dask.distributed import Client, as_completed

import scorer

HERE = os.path.dirname(os.path.abspath(__file__))


def matrix(path, features, letters, part):
    """Rows of one part from a prepared partition. @returns float32 (rows, features)"""
    X = np.fromfile(path + ".x", "<f4").reshape(-1, features)
    return X[letters == part]


def truth(path, letters, part):
    return np.fromfile(path + ".y", "<f8")[letters == part]


def dealt(job, counts):
    """One letter a row for each partition: t trains, v validates, e is the test part, - is in none."""
    total = sum(counts)
    if total == len(job["parts"]):
        ends = np.cumsum([0, *counts])
        letters = np.array(list(job["parts"]))
        return [letters[a:b] for a, b in zip(ends, ends[1:])], "as in the studio"
    split = job["spec"]["split"]
    made = []
    for index, count in enumerate(counts):
        chance = np.random.default_rng([split["seed"], index]).random(count)
        made.append(np.where(chance < split["testShare"], "e", np.where(chance < split["testShare"] + split["validShare"], "v", "t")))
    return made, f"dealt anew at random: {total} rows, and the studio has {len(job['parts'])}"


def lazily(load, path, features, letters, part):
    rows = int((letters == part).sum())
    shape = (rows, features) if load is matrix else (rows,)
    arguments = (path, features, letters, part) if load is matrix else (path, letters, part)
    return da.from_delayed(dask.delayed(load)(*arguments), shape, np.float32 if load is matrix else np.float64)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("partitions", help="CSV files, as a pattern in quotes; every worker must be able to read them")
    parser.add_argument("--work", required=True, help="folder that every worker can write: prepared partitions")
    parser.add_argument("--job", default=os.path.join(HERE, "job.json"))
    parser.add_argument("--out", default="result.json")
    parser.add_argument("--node", default="node", help="Node 20 or newer on the workers")
    parser.add_argument("--scheduler", help="address of the scheduler; without it a cluster of this machine is started")
    options = parser.parse_args()
    with open(options.job, encoding="utf-8") as file:
        job = json.load(file)
    features = len(job["recipe"]["features"])
    todo, _ = scorer.plan(options.partitions, options.work, options.job, False)
    command = [options.node, os.path.join(HERE, "prepare.mjs"), os.path.abspath(options.job)]
    begun = time.time()
    with Client(options.scheduler) if options.scheduler else Client(threads_per_worker=1) as client:
        client.upload_file(scorer.__file__)
        futures = [client.submit(scorer.ask, command, source, target, key=f"prepare-{target}", retries=2) for source, target in todo]
        prepared = {answer["out"]: answer for _, answer in as_completed(futures, with_results=True)}
        letters, how = dealt(job, [prepared[target]["rows"] for _, target in todo])

        def part(load, name, workers):
            chosen = [lazily(load, target, features, dealt_to, name) for (_, target), dealt_to in zip(todo, letters) if (dealt_to == name).any()]
            if not chosen:
                return None
            whole = da.concatenate(chosen)
            # A worker without rows of a part would wait for ever for the others.
            pieces = 4 * workers
            return whole if len(chosen) >= pieces else whole.rechunk({0: max(1, -(-whole.shape[0] // pieces))})

        # A worker that is lost takes a training with it: it is begun again on those that are left.
        for attempt in range(3):
            try:
                workers = len(client.scheduler_info()["workers"])
                train = xgb.dask.DaskDMatrix(client, part(matrix, "t", workers), part(truth, "t", workers))
                valid = part(matrix, "v", workers)
                evals = [] if valid is None else [(xgb.dask.DaskDMatrix(client, valid, part(truth, "v", workers)), "valid")]
                trained = xgb.dask.train(client, job["xgboost"]["params"], train, num_boost_round=job["xgboost"]["rounds"], evals=evals, verbose_eval=False)
                break
            except Exception as error:
                if attempt == 2:
                    raise
                print(f"begun again: {type(error).__name__}: {str(error)[:200]}")
                time.sleep(2)
    history = {name: values for name, values in trained["history"].get("valid", {}).items()}
    result = {
        "version": 1,
        "kind": "glasshouse-elsewhere",
        "job": {key: value for key, value in job.items() if key != "parts"},
        "rows": {name: int(sum((given == letter).sum() for given in letters)) for name, letter in (("train", "t"), ("valid", "v"), ("test", "e"))},
        "split": how,
        "leftOut": sum(answer["leftOut"] for answer in prepared.values()),
        "history": history,
        "seconds": round(time.time() - begun, 1),
        "workers": workers,
        "versions": {"xgboost": xgb.__version__, "dask": dask.__version__, "distributed": distributed.__version__},
        "booster": json.loads(bytes(trained["booster"].save_raw("json"))),
    }
    half = options.out + ".part"
    with open(half, "w", encoding="utf-8") as file:
        json.dump(result, file)
    os.replace(half, options.out)
    print(json.dumps({key: result[key] for key in ("rows", "split", "leftOut", "seconds", "workers")} | {name: values[-1] for name, values in history.items()}))


if __name__ == "__main__":
    main()
