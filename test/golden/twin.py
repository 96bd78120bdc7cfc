"""Runs the code twin of every estimator (twin.test.ts writes them) and keeps its scores beside the hash of its text.

A twin whose text is as it was keeps its scores, unless the libraries are others or the file is gone.
"""
import hashlib
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy
import pandas
import sklearn
import torch
import xgboost

here = pathlib.Path(__file__).parent
target = here / "twin.json"
if not target.exists():
    target.write_text('{"twins": []}\n')
versions = {"numpy": numpy.__version__, "pandas": pandas.__version__, "scikit-learn": sklearn.__version__, "torch": torch.__version__, "xgboost": xgboost.__version__}
before = json.loads(target.read_text())
kept = {twin["sha256"]: twin for twin in before["twins"]} if before.get("versions") == versions else {}
twins, failed = [], []
with tempfile.TemporaryDirectory() as folder:
    subprocess.run(
        ["npx", "vitest", "run", "--project", "node", "test/golden/twin.test.ts", "--testTimeout", "180000", "-t", "the scores of the twin|a model that came from elsewhere"],
        cwd=here.parent.parent, env={**os.environ, "TWINS": folder}, check=True,
    )
    for path in sorted(pathlib.Path(folder).glob("*.py")):
        scores = pathlib.Path(folder) / "scores.json"
        scores.unlink(missing_ok=True)
        text = path.read_text()
        bare = re.sub(r"^(STUDIO|ALLOWED) = .*$", r"\1", text, flags=re.M)
        sha256 = hashlib.sha256(bare.encode()).hexdigest()
        # Debian has no ONNX Runtime for Python: a twin that asks it keeps its scores where there is none, whatever the libraries are.
        asks = "import onnxruntime" in text and importlib.util.find_spec("onnxruntime") is None
        if asks:
            old = next((twin for twin in before["twins"] if twin["sha256"] == sha256), None)
            print("kept as it was:" if old else "MISSING, needs onnxruntime:", path.with_suffix(".txt").read_text())
            twins += [old] if old else []
            failed += [] if old else [path.stem]
            continue
        if sha256 in kept:
            twins.append(kept[sha256])
            continue
        own = path.with_suffix(".files")
        data = own if own.is_dir() and any(file.suffix != ".onnx" for file in own.iterdir()) else here.parent.parent / "public/samples/penguins.csv"
        done = subprocess.run(
            [sys.executable, "-W", "ignore", path], capture_output=True, text=True,
            env={**os.environ, "DATA": str(data), "MODEL": str(own / "model.onnx"), "SPLIT": str(path.with_suffix(".split.json")), "SCORES": str(scores)},
        )
        name = path.with_suffix(".txt").read_text()
        print(f"--- {name}\n{done.stdout}{done.stderr[-1500:]}")
        if done.returncode:
            failed.append(name)
        if scores.exists():
            twins.append({"name": name, "sha256": sha256, "scores": json.loads(scores.read_text())})
target.write_text(json.dumps({"versions": versions, "twins": twins}, indent=1) + "\n")
print("failed:", failed)
sys.exit(1 if failed else 0)
