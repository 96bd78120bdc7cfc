"""Runs the jobs that elsewhere.test.ts writes, with XGBoost on Dask or with PyTorch, and keeps their answers."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).parent
target = here / "elsewhere.json"
if not target.exists():
    target.write_text('{"results": {}}\n')
results = {}
with tempfile.TemporaryDirectory() as folder:
    subprocess.run(
        ["npx", "vitest", "run", "--project", "node", "test/golden/elsewhere.test.ts"],
        cwd=here.parent.parent, env={**os.environ, "JOBS": folder}, check=True,
    )
    for job in sorted(pathlib.Path(folder).iterdir()):
        script = next(job.glob("train_*.py"))
        rows = [job / "data.csv"] if (job / "data.csv").exists() else []
        done = subprocess.run([sys.executable, "-W", "ignore", script, *rows, "--work", job / "work", "--out", job / "result.json"], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{job.name}: {done.stderr[-2000:]}")
        print(job.name, done.stdout.strip().splitlines()[-1])
        results[job.name] = json.loads((job / "result.json").read_text())
target.write_text(json.dumps({"results": results}) + "\n")
