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


def modified(path):
    """When a file was last written, in nanoseconds; None where it is not there."""
    return os.stat(path).st_mtime_ns if os.path.exists(path) else None


def write_whole(path, value):
    """JSON that is there whole or not at all."""
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".part", path)


def plan(options):
    """The partitions as (source, target) that are to be done, and those whose output is there already.

    _scoring.json says which bundle the folder is being filled by, and what was in it before. With --resume an output is kept
    where that is this bundle, the output came since, and its partition is no newer. The list of an earlier run
    goes: from here on the folder is not complete.
    """
    pairs = partitions_of(options.partitions, options.out)
    with open(os.path.join(options.bundle, "manifest.json"), "rb") as file:
        bundle = hashlib.sha256(file.read()).hexdigest()
    began = os.path.join(options.out, "_scoring.json")
    earlier = {}
    if options.resume and os.path.exists(began):
        with open(began, encoding="utf-8") as file:
            earlier = json.load(file)
    same = earlier.get("bundle") == bundle
    before = earlier["before"] if same else {os.path.basename(target): modified(target) for _, target in pairs if os.path.exists(target)}
    done = [
        (source, target) for source, target in pairs
        if same and os.path.exists(target) and modified(target) != before.get(os.path.basename(target)) and modified(target) > modified(source)
    ]
    if not same:
        write_whole(began, {"bundle": bundle, "before": before})
    if len(done) < len(pairs) and os.path.exists(os.path.join(options.out, "_predictions.json")):
        os.remove(os.path.join(options.out, "_predictions.json"))
    return [pair for pair in pairs if pair not in done], done


def finish(out, results, kept):
    """Takes away what lost workers left half written, and writes _predictions.json last: a folder that has it is complete."""
    for target in [result["out"] for result in results] + [target for _, target in kept]:
        for left in glob.glob(f"{glob.escape(target)}.????????.part"):
            try:
                os.remove(left)
            except OSError:  # Its writer was slow, not lost, and has renamed it.
                pass
    with open(os.path.join(out, "_scoring.json"), encoding="utf-8") as file:
        bundle = json.load(file)["bundle"]
    summary = {
        "bundle": bundle,
        "partitions": sorted(results, key=lambda result: result["out"]),
        "kept": sorted(target for _, target in kept),
        "rows": sum(result["rows"] for result in results),
        "unanswered": sum(result["unanswered"] for result in results),
    }
    write_whole(os.path.join(out, "_predictions.json"), summary)
    print(json.dumps({key: summary[key] for key in ("rows", "unanswered")} | {"partitions": len(results), "kept": len(kept)}))


def arguments(parser):
    """The options that every engine has."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("partitions", help="CSV files, as a pattern in quotes: 'data/part-*.csv'; every worker must be able to read them")
    parser.add_argument("--out", required=True, help="folder for the outputs, one a partition, of the same name")
    parser.add_argument("--bundle", default=here, help="the unpacked bundle after npm ci (default: the one this script is in)")
    parser.add_argument("--node", default="node", help="Node 20 or newer on the workers")
    parser.add_argument("--resume", action="store_true", help="keep the outputs that this bundle wrote into the folder before a stop")
    return parser
