"""What every engine needs to score a partitioned CSV: partitions, one scorer process a worker, and the list at the end.

Standard library only. The workers need Node 20 or newer and the bundle (after `npm ci`) at the same path.
"""
import glob
import hashlib
import json
import os
import subprocess
import tempfile
import threading
import uuid


class LineProgram:
    """A program that answers lines of JSON, as one long-lived process. It ends by itself when its worker does: its input closes."""

    def __init__(self, command):
        self.lock = threading.Lock()
        # A file, not a pipe: a pipe that nobody reads stands still when it is full.
        self.said = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.said, text=True, encoding="utf-8")

    def ask(self, source, target):
        """Answers one partition; what it writes appears whole or not at all. Raises RuntimeError with the program's own sentence."""
        with self.lock:
            try:
                self.process.stdin.write(json.dumps({"in": source, "out": target}) + "\n")
                self.process.stdin.flush()
                line = self.process.stdout.readline()
            except OSError:
                line = ""
        if not line:
            ended = self.process.wait()
            self.said.seek(0)
            raise RuntimeError(f"{self.process.args[1]} ended with {ended}: {self.said.read()[-4000:].strip()}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{source}: {answer['error']}")
        return answer


_lock = threading.Lock()
_running = {}


def ask(command, source, target):
    """Answers one partition with the one process of this command that this worker has, started when it is first needed."""
    with _lock:
        program = _running.get(tuple(command))
        if program is None or program.process.poll() is not None:
            program = _running[tuple(command)] = LineProgram(list(command))
    return program.ask(source, target)


def scorer_of(options):
    """The command of the bundle's scorer."""
    return [options.node, os.path.join(os.path.abspath(options.bundle), "server", "score.mjs"), "--lines"]


def partitions_of(pattern, out):
    """Every partition as (source, target), in the order of their paths; the folder of the targets is there afterwards."""
    sources = sorted(glob.glob(pattern))
    if not sources:
        raise SystemExit(f"missing partitions; no file matches {pattern}")
    names = [os.path.basename(source) for source in sources]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise SystemExit(f"invalid partitions; outputs are named by file name, and it occurs twice: {doubled[0]}")
    os.makedirs(out, exist_ok=True)
    pairs = [(os.path.abspath(source), os.path.abspath(os.path.join(out, name))) for source, name in zip(sources, names)]
    if any(source == target for source, target in pairs):
        raise SystemExit("invalid --out; it is the folder of the partitions")
    return pairs


def stamp(path):
    """When a file was last written, in nanoseconds, and its size; None where it is not there."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return [found.st_mtime_ns, found.st_size]


def write_whole(path, value):
    """JSON that is there whole or not at all, whoever else writes it."""
    half = f"{path}.{uuid.uuid4().hex[:8]}.part"
    with open(half, "x", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(half, path)


def record_of(target):
    """Where it stands what came of a partition: in _scored/, beside the outputs."""
    folder, name = os.path.split(target)
    return os.path.join(folder, "_scored", name + ".json")


def score(command, bundle, source, target):
    """Answers one partition, then writes down by which bundle, from what, and how many rows."""
    read = stamp(source)
    answer = ask(command, source, target)
    write_whole(record_of(target), {"bundle": bundle, "read": read, "wrote": stamp(target), "answer": answer})
    return answer


def answered(bundle, source, target):
    """What came of a partition that this bundle has answered as it stands; None where it has to be done."""
    try:
        with open(record_of(target), encoding="utf-8") as file:
            record = json.load(file)
    except FileNotFoundError:
        return None
    answer = record["answer"]
    same = record["bundle"] == bundle and answer["in"] == source and record["read"] == stamp(source) and record["wrote"] == stamp(target)
    return answer if same else None


def plan(options):
    """The bundle by the SHA-256 of its manifest, the partitions as (source, target) that are to be done, and the answers of those that are kept.

    With --resume an output is kept where its record says that this bundle wrote it, as it stands, from the partition
    as it stands. The list of an earlier run goes: from here on the folder is not complete.
    """
    pairs = partitions_of(options.partitions, options.out)
    with open(os.path.join(options.bundle, "manifest.json"), "rb") as file:
        bundle = hashlib.sha256(file.read()).hexdigest()
    records = os.path.join(options.out, "_scored")
    os.makedirs(records, exist_ok=True)
    if not options.resume:
        for record in glob.glob(os.path.join(glob.escape(records), "*.json")):
            os.remove(record)
    found = [(pair, answered(bundle, *pair)) for pair in pairs]
    todo = [pair for pair, answer in found if answer is None]
    if todo and os.path.exists(os.path.join(options.out, "_predictions.json")):
        os.remove(os.path.join(options.out, "_predictions.json"))
    return bundle, todo, [answer for _, answer in found if answer is not None]


def finish(out, bundle, results, kept):
    """Takes away what lost workers left half written, and writes _predictions.json last: a folder that has it is complete. It tells of all partitions, done now or before."""
    every = sorted([*results, *kept], key=lambda answer: answer["out"])
    summary_path = os.path.join(out, "_predictions.json")
    written = [summary_path, *(path for answer in every for path in (answer["out"], record_of(answer["out"])))]
    for left in [left for path in written for left in glob.glob(f"{glob.escape(path)}.????????.part")]:
        try:
            os.remove(left)
        except OSError:  # Its writer was slow, not lost, and has renamed it.
            pass
    summary = {
        "bundle": bundle,
        "partitions": every,
        "kept": sorted(answer["out"] for answer in kept),
        "rows": sum(answer["rows"] for answer in every),
        "unanswered": sum(answer["unanswered"] for answer in every),
    }
    write_whole(summary_path, summary)
    print(json.dumps({key: summary[key] for key in ("rows", "unanswered")} | {"partitions": len(every), "kept": len(kept)}))


def arguments(parser):
    """The options that every engine has."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("partitions", help="CSV files, as a pattern in quotes: 'data/part-*.csv'; every worker must be able to read them")
    parser.add_argument("--out", required=True, help="folder for the outputs, one a partition, of the same name")
    parser.add_argument("--bundle", default=here, help="the unpacked bundle after npm ci (default: the one this script is in)")
    parser.add_argument("--node", default="node", help="Node 20 or newer on the workers")
    parser.add_argument("--resume", action="store_true", help="keep the outputs that this bundle wrote into the folder before a stop")
    return parser
