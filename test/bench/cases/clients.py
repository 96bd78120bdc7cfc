"""Real clients of a bundle's server: curl, a client of the Open Inference Protocol v2 written from its specification
(health, metadata, inference with the metadata's own names, shapes and types), KServe v1 and MLflow bodies that pandas
writes. `clients.py FOLDER URL` prints one JSON object with what each answered for the golden rows."""
import base64
import json
import os
import subprocess
import sys
import tempfile
import urllib.error
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
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read().decode()
            return json.loads(text) if text else None
    except urllib.error.HTTPError as refused:
        raise SystemExit(f"{path}: {refused.code} {refused.read().decode()}")


model_name = ask("/v1/models")["models"][0]


def typed(value, datatype):
    """A value as the datatype of the metadata asks: flags as numbers, moments as seconds since 1970."""
    if value is None:
        return None
    if datatype.startswith("FP"):
        return float(value)
    return int(pd.Timestamp(value).timestamp()) if datatype == "INT64" else value


def v2():
    ask("/v2/health/live")
    ask("/v2/health/ready")
    server = ask("/v2")
    assert {"name", "version", "extensions"} <= server.keys()
    meta = ask(f"/v2/models/{model_name}")
    assert {"name", "platform", "inputs", "outputs"} <= meta.keys()
    inputs = []
    for tensor in meta["inputs"]:
        values = [typed(row[names.index(tensor["name"])], tensor["datatype"]) for row in golden["rows"]]
        inputs.append({"name": tensor["name"], "shape": [len(values), *tensor["shape"][1:]], "datatype": tensor["datatype"], "data": values})
    answer = ask(f"/v2/models/{model_name}/infer", {"id": "42", "inputs": inputs})
    assert answer["id"] == "42" and answer["model_name"] == meta["name"]
    outputs = {output["name"]: output for output in answer["outputs"]}
    assert [output["name"] for output in meta["outputs"]] == list(outputs)
    return outputs[meta["outputs"][0]["name"]]["data"]


def curl(path, body, kind):
    out = subprocess.run(["curl", "-sS", "--fail-with-body", url + path, "-H", f"Content-Type: {kind}", "--data-binary", "@-"], input=body, capture_output=True, text=True, check=True)
    return json.loads(out.stdout)["predictions"]


def labels(answers):
    return [answer.get("label", answer.get("value")) if isinstance(answer, dict) else answer for answer in answers]


def form():
    """Pictures as files, the way a person sends them."""
    with tempfile.TemporaryDirectory() as place:
        files = []
        for i, row in enumerate(golden["rows"]):
            files.append(os.path.join(place, str(i)))
            with open(files[-1], "wb") as file:
                file.write(base64.b64decode(row[0]))
        out = subprocess.run(["curl", "-sS", "--fail-with-body", url + "/predict", *(word for file in files for word in ("-F", f"{names[0]}=@{file}"))], capture_output=True, text=True, check=True)
    return json.loads(out.stdout)["predictions"]


split = json.loads(frame.to_json(orient="split", index=False, double_precision=15))
records = json.loads(frame.to_json(orient="records", double_precision=15))
answers = {
    "v2": v2(),
    "v1": labels(ask(f"/v1/models/{model_name}:predict", {"instances": records})["predictions"]),
    "mlflow split": labels(ask("/invocations", {"dataframe_split": split})["predictions"]),
    "mlflow records": labels(ask("/invocations", {"dataframe_records": records})["predictions"]),
    "mlflow csv": labels(ask("/invocations", frame.to_csv(index=False).encode(), "text/csv")["predictions"]),
    "curl": labels(curl("/predict", json.dumps({"rows": records}), "application/json")),
}
if [column["kind"] for column in signature["inputs"]] == ["image"]:
    answers["curl form"] = labels(form())
print(json.dumps(answers))
