"""What every training elsewhere needs: the job, its partitions as prepare.mjs (or, of pictures, the studio) leaves them, their parts, and the answer."""
import json
import os
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import numpy as np

import scorer

HERE = os.path.dirname(os.path.abspath(__file__))


def arguments(parser):
    """The options that every trainer has."""
    parser.add_argument("partitions", nargs="?", help="CSV files, as a pattern in quotes; every worker must be able to read them; none for a job that carries its rows")
    parser.add_argument("--work", required=True, help="folder that every worker can write: prepared partitions")
    parser.add_argument("--job", default=os.path.join(HERE, "job.json"))
    parser.add_argument("--out", default="result.json")
    parser.add_argument("--node", default="node", help="Node 20 or newer on the workers")
    return parser


def opened(options):
    """The job, its partitions as (source, target), and the command that prepares one; None where the job carries its rows."""
    with open(options.job, encoding="utf-8") as file:
        job = json.load(file)
    if "prepared" in job:
        if options.partitions is not None:
            raise SystemExit(f"invalid partitions; this job carries its rows and takes no others: {options.partitions}")
        os.makedirs(options.work, exist_ok=True)
        place = os.path.join(os.path.dirname(os.path.abspath(options.job)), job["prepared"]["name"])
        for ending, each in ((".x", 4 * job["prepared"]["width"]), (".y", 8)):
            found, wanted = os.path.getsize(place + ending), each * len(job["parts"])
            if found != wanted:
                raise SystemExit(f"invalid {place + ending}; it must be {wanted} bytes: {found}")
        return job, [(None, place)], None
    if options.partitions is None:
        raise SystemExit("missing partitions; CSV files, as a pattern in quotes")
    todo = scorer.partitions_of(options.partitions, options.work)
    return job, todo, [options.node, os.path.join(HERE, "prepare.mjs"), os.path.abspath(options.job)]


def prepare(command, todo, processes):
    """All partitions, by so many processes at once. @returns the answers in the order of todo"""
    if command is None:
        return [carried(target) for _, target in todo]
    idle = SimpleQueue()
    for _ in range(processes):
        idle.put(scorer.LineProgram(command))

    def one(pair):
        program = idle.get()
        try:
            return program.ask(*pair)
        finally:
            idle.put(program)

    with ThreadPoolExecutor(processes) as pool:
        return list(pool.map(one, todo))


def carried(target):
    """What prepare.mjs would answer of rows that the job carries."""
    return {"out": target, "rows": os.path.getsize(target + ".y") // 8, "leftOut": 0}


def matrix(path, features, letters, part):
    """Rows of one part from a prepared partition. @returns float32 (rows, features)"""
    X = np.fromfile(path + ".x", "<f4").reshape(-1, features)
    return X[letters == part]


def truth(path, letters, part):
    """Class codes or values of those rows. @returns float64 (rows)"""
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


def rows_of(letters):
    """How many rows each part has."""
    return {name: int(sum((given == letter).sum() for given in letters)) for name, letter in (("train", "t"), ("valid", "v"), ("test", "e"))}


def finish(options, job, answer):
    """Writes result.json, renamed when whole, and says in one line what came out."""
    kept = {key: value for key, value in job.items() if key not in ("parts", "prepared", "torch", "linear", "cnn")}
    half = options.out + ".part"
    with open(half, "w", encoding="utf-8") as file:
        json.dump({"version": 1, "kind": "glasshouse-elsewhere", "job": kept, **answer}, file)
    os.replace(half, options.out)
    told = {key: answer[key] for key in ("rows", "split", "leftOut", "seconds", "workers")}
    print(json.dumps(told | {name: values[-1] for name, values in answer["history"].items()}))
