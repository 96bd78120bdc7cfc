"""Trains the run of job.json with XGBoost on a Dask cluster:

    python3 train_xgboost_dask.py 'data/part-*.csv' --work shared/work --scheduler tcp://HOST:8786

Each worker reads its partitions with prepare.mjs, which is the studio's own reading and recipe (Node 20, nothing to
install). Where the partitions hold just the rows of the studio, every row keeps its part; else rows are dealt anew by
the same shares. Test rows are never read. The answer is result.json, which the studio brings in.
"""
import argparse
import json
import time

import dask
import dask.array as da
import distributed
import numpy as np
import xgboost as xgb
import xgboost.dask
from dask.distributed import Client, as_completed

import prepared
import scorer


def lazily(load, path, features, letters, part):
    rows = int((letters == part).sum())
    shape = (rows, features) if load is prepared.matrix else (rows,)
    arguments = (path, features, letters, part) if load is prepared.matrix else (path, letters, part)
    return da.from_delayed(dask.delayed(load)(*arguments), shape, np.float32 if load is prepared.matrix else np.float64)


def main():
    parser = prepared.arguments(argparse.ArgumentParser(description=__doc__.splitlines()[0]))
    parser.add_argument("--scheduler", help="address of the scheduler; without it a cluster of this machine is started")
    options = parser.parse_args()
    job, todo, command = prepared.opened(options)
    features = len(job["recipe"]["features"])
    begun = time.time()
    with Client(options.scheduler) if options.scheduler else Client(threads_per_worker=1) as client:
        for module in (scorer, prepared):
            client.upload_file(module.__file__)
        if command is None:
            answers = {target: prepared.carried(target) for _, target in todo}
        else:
            futures = [client.submit(scorer.ask, command, source, target, key=f"prepare-{target}", retries=2) for source, target in todo]
            answers = {answer["out"]: answer for _, answer in as_completed(futures, with_results=True)}
        letters, how = prepared.dealt(job, [answers[target]["rows"] for _, target in todo])

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
                train = xgb.dask.DaskDMatrix(client, part(prepared.matrix, "t", workers), part(prepared.truth, "t", workers))
                valid = part(prepared.matrix, "v", workers)
                evals = [] if valid is None else [(xgb.dask.DaskDMatrix(client, valid, part(prepared.truth, "v", workers)), "valid")]
                params = dict(job["xgboost"]["params"])
                # Some versions begin at 0.5 whatever the target is: the studio at its mean.
                if params["objective"] != "multi:softprob":
                    params["base_score"] = float(part(prepared.truth, "t", workers).mean().compute())
                trained = xgb.dask.train(client, params, train, num_boost_round=job["xgboost"]["rounds"], evals=evals, verbose_eval=False)
                break
            except Exception as error:
                if attempt == 2:
                    raise
                print(f"begun again: {type(error).__name__}: {str(error)[:200]}")
                time.sleep(2)
    history = {name: values for name, values in trained["history"].get("valid", {}).items()}
    prepared.finish(options, job, {
        "rows": prepared.rows_of(letters),
        "split": how,
        "leftOut": sum(answer["leftOut"] for answer in answers.values()),
        "history": history,
        "seconds": round(time.time() - begun, 1),
        "workers": workers,
        "versions": {"xgboost": xgb.__version__, "dask": dask.__version__, "distributed": distributed.__version__},
        "booster": json.loads(bytes(trained["booster"].save_raw("json"))),
    })


if __name__ == "__main__":
    main()
