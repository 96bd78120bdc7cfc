"""onnx's checker and shape inference on every graph of onnx.test.ts; the verdicts, beside the hashes."""
import json
import os
import pathlib
import subprocess
import tempfile

import onnx

here = pathlib.Path(__file__).parent
target = here / "onnx.json"
if not target.exists():
    target.write_text('{"graphs": []}\n')
graphs = []
with tempfile.TemporaryDirectory() as folder:
    subprocess.run(
        ["npx", "vitest", "run", "--project", "node", "test/golden/onnx.test.ts"],
        cwd=here.parent.parent, env={**os.environ, "ONNX_GRAPHS": folder}, check=True,
    )
    for path in sorted(pathlib.Path(folder).glob("*.onnx")):
        model = onnx.load(path)
        try:
            onnx.checker.check_model(model, full_check=True)
            verdict = "valid"
        except Exception as error:  # the verdict is the point, whatever it is
            verdict = f"{type(error).__name__}: {error}"
        graphs.append({
            "name": path.with_suffix(".txt").read_text(),
            "sha256": path.stem,
            "verdict": verdict,
            "ir": model.ir_version,
            "opsets": [f"{item.domain or 'ai.onnx'} {item.version}" for item in model.opset_import],
        })
graphs.sort(key=lambda graph: graph["name"])
target.write_text(json.dumps({"versions": {"onnx": onnx.__version__}, "graphs": graphs}, indent=1) + "\n")
