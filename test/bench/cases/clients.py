"""Real clients of a bundle's server: curl, a client of the Open Inference Protocol v2 written from its specification
(health, metadata, inference with the metadata's own names, shapes and types), KServe v1 and MLflow bodies that pandas
writes. `clients.py FOLDER URL` prints one JSON object with what each answered for the golden rows."""
import json
import subprocess
import sys
import urllib.request

import pandas as pd

folder, url = sys.argv[1:]
with open(f"{folder}/signature.json", encoding="utf-8") as file:
    signature = json.load(file)
with open(f"{folder}/golden.json", encoding="utf-8") as file:
    golden = json.load(file)
names = [column["name"] for column in signature["inputs"]]
frame = pd.DataFrame(golden["rows"], columns=names)


def ask(path, body=None, kind="application/json"):
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": kind} if data else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read().decode()
        return json.loads(text) if text else None


def v2():
    ask("/v2/health/live")
    ask("/v2/health/ready")
    server = ask("/v2")
    assert {"name", "version", "extensions"} <= server.keys()
    model = signature["name"]
    meta = ask(f"/v2/models/{model}")
    assert {"name", "platform", "inputs", "outputs"} <= meta.keys()
    inputs = []
    for tensor in meta["inputs"]:
        values = [row[names.index(tensor["name"])] for row in golden["rows"]]
        inputs.append({"name": tensor["name"], "shape": [len(values), *tensor["shape"][1:]], "datatype": tensor["datatype"], "data": values})
    answer = ask(f"/v2/models/{model}/infer", {"id": "42", "inputs": inputs})
    assert answer["id"] == "42" and answer["model_name"] == meta["name"]
    outputs = {output["name"]: output for output in answer["outputs"]}
    assert [output["name"] for output in meta["outputs"]] == list(outputs)
    return outputs[meta["outputs"][0]["name"]]["data"]


def curl(path, body, kind):
    out = subprocess.run(["curl", "-sS", "--fail-with-body", url + path, "-H", f"Content-Type: {kind}", "--data-binary", "@-"], input=body, capture_output=True, text=True, check=True)
    return json.loads(out.stdout)["predictions"]


def labels(answers):
    return [answer.get("label", answer.get("value")) if isinstance(answer, dict) else answer for answer in answers]


split = json.loads(frame.to_json(orient="split", index=False, double_precision=15))
records = json.loads(frame.to_json(orient="records", double_precision=15))
print(json.dumps({
    "v2": v2(),
    "v1": labels(ask(f"/v1/models/{signature['name']}:predict", {"instances": records})["predictions"]),
    "mlflow split": labels(ask("/invocations", {"dataframe_split": split})["predictions"]),
    "mlflow records": labels(ask("/invocations", {"dataframe_records": records})["predictions"]),
    "mlflow csv": labels(ask("/invocations", frame.to_csv(index=False).encode(), "text/csv")["predictions"]),
    "curl": labels(curl("/predict", json.dumps({"rows": records}), "application/json")),
}))
