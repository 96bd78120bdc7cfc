"""Scores a partitioned CSV on Spark: spark-submit batch/spark_score.py 'data/part-*.csv' --out scored

Each of Spark's Python workers keeps one scorer process. A task that is lost or run twice (speculation) writes the
same files again, each renamed when whole.
"""
import argparse

from pyspark.sql import SparkSession

import scorer


def main():
    parser = scorer.arguments(argparse.ArgumentParser(description=__doc__.splitlines()[0]))
    options = parser.parse_args()
    command = scorer.scorer_of(options)
    bundle, todo, kept = scorer.plan(options)
    context = SparkSession.builder.appName("glasshouse-score").getOrCreate().sparkContext
    context.addPyFile(scorer.__file__)
    slices = max(1, min(len(todo), context.defaultParallelism * 4))
    results = context.parallelize(todo, slices).map(lambda pair: scorer.score(command, bundle, *pair)).collect() if todo else []
    scorer.finish(options.out, bundle, results, kept)


if __name__ == "__main__":
    main()
