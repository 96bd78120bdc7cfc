"""Scores a partitioned CSV on a Ray cluster: python3 batch/ray_score.py 'data/part-*.csv' --out scored --address auto

One task a partition; each of Ray's worker processes keeps one scorer process. A task whose worker is lost is run again.
"""
import argparse

import ray
import scorer


def main():
    parser = scorer.arguments(argparse.ArgumentParser(description=__doc__.splitlines()[0]))
    parser.add_argument("--address", help="of the cluster, such as auto; without it Ray takes one that runs here or that RAY_ADDRESS names, or starts its own")
    options = parser.parse_args()
    command = scorer.scorer_of(options)
    bundle, todo, kept = scorer.plan(options)
    ray.init(address=options.address, runtime_env={"py_modules": [scorer]})
    score = ray.remote(num_cpus=1, max_retries=2)(scorer.score)
    results = ray.get([score.remote(command, bundle, source, target) for source, target in todo])
    scorer.finish(options.out, bundle, results, kept)


if __name__ == "__main__":
    main()
