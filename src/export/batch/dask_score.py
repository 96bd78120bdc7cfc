"""Scores a partitioned CSV on a Dask cluster: python3 batch/dask_score.py 'data/part-*.csv' --out scored --scheduler tcp://HOST:8786

Each Dask worker keeps one scorer process. A partition whose worker is lost is given to another one, and since an
output is renamed when it is whole, nothing is lost and nothing is doubled.
"""
import argparse

from dask.distributed import Client, as_completed

import scorer


def main():
    parser = scorer.arguments(argparse.ArgumentParser(description=__doc__.splitlines()[0]))
    parser.add_argument("--scheduler", help="address of the scheduler; without it a cluster of this machine is started")
    options = parser.parse_args()
    command = scorer.scorer_of(options)
    bundle, todo, kept = scorer.plan(options)
    with Client(options.scheduler) if options.scheduler else Client(threads_per_worker=1) as client:
        client.upload_file(scorer.__file__)
        # Pure by their names: the same partition asked for twice is done once.
        futures = [client.submit(scorer.score, command, bundle, source, target, key=f"score-{target}", retries=2) for source, target in todo]
        results = [result for _, result in as_completed(futures, with_results=True)]
    scorer.finish(options.out, bundle, results, kept)


if __name__ == "__main__":
    main()
