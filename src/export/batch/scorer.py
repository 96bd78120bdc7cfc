"""What every engine needs to score a partitioned CSV: partitions, one scorer process a worker, and the list at the end.

Standard library only. The workers need Node 20 or newer and the bundle (after `npm ci`) at the same path.
"""
import glob
import json
import os
import subprocess
import threading


class LineProgram:
    """A program that answers lines of JSON, as one long-lived process. It ends by itself when its worker does: its input closes."""

    def __init__(self, command):
        self.lock = threading.Lock()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")

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
            raise RuntimeError(f"{self.process.args[1]} ended with {self.process.wait()}: {self.process.stderr.read().strip()}")
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


def plan(pattern, out, origin, resume):
    """The partitions as (source, target), those that are to be done and those that are there already.

    An output is trusted with resume=True only where it is newer than its partition and origin, the file that says what is done.
    """
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
    made = os.path.getmtime(origin)
    done = [
        (source, target) for source, target in pairs
        if resume and os.path.exists(target) and os.path.getmtime(target) > max(made, os.path.getmtime(source))
    ]
    return [pair for pair in pairs if pair not in done], done


def finish(out, results, kept):
    """Takes away what lost workers left half written, and writes _predictions.json, renamed when whole: a folder that has it is complete."""
    for result in results:
        for left in glob.glob(f"{glob.escape(result['out'])}.????????.part"):
            try:
                os.remove(left)
            except OSError:  # Its writer was slow, not lost, and has renamed it.
                pass
    summary = {
        "partitions": sorted(results, key=lambda result: result["out"]),
        "kept": sorted(target for _, target in kept),
        "rows": sum(result["rows"] for result in results),
        "unanswered": sum(result["unanswered"] for result in results),
    }
    half = os.path.join(out, "_predictions.json.part")
    with open(half, "w", encoding="utf-8") as file:
        json.dump(summary, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(half, os.path.join(out, "_predictions.json"))
    print(json.dumps({key: summary[key] for key in ("rows", "unanswered")} | {"partitions": len(results), "kept": len(kept)}))


def arguments(parser):
    """The options that every engine has."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("partitions", help="CSV files, as a pattern in quotes: 'data/part-*.csv'; every worker must be able to read them")
    parser.add_argument("--out", required=True, help="folder for the outputs, one a partition, of the same name")
    parser.add_argument("--bundle", default=here, help="the unpacked bundle after npm ci (default: the one this script is in)")
    parser.add_argument("--node", default="node", help="Node 20 or newer on the workers")
    parser.add_argument("--resume", action="store_true", help="keep outputs that are newer than their partition and the bundle")
    return parser
