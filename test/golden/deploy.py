"""PyYAML and protobuf on the deployment files of deploy.test.ts; what they read, beside the hashes. And what the makers of
each format say to them: promtool (Debian's prometheus), docker-compose, protoc (protobuf-compiler) with Triton's own
model_config.proto, and the tools of deploy-checks.mjs, all in the folder DEPLOY_TOOLS, whose contents that file tells. Where a
tool is not there, its word of before stays with files that are the same."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import google.protobuf
import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory, text_format

here = pathlib.Path(__file__).parent
target = here / "deploy.json"
if not target.exists():
    target.write_text('{"files": [], "checks": []}\n')
before = json.loads(target.read_text()).get("checks", [])


def model_config():
    """The fields of Triton's model_config.proto that the files use, with its numbers."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="model_config.proto", package="inference", syntax="proto3")

    def enum(parent, name, values):
        kind = parent.enum_type.add(name=name)
        for value, number in values.items():
            kind.value.add(name=value, number=number)

    def message(name, *fields):
        kind = file.message_type.add(name=name)
        for number, label, sort, title in fields:
            item = kind.field.add(name=title, number=number, label=field.LABEL_REPEATED if label == "many" else field.LABEL_OPTIONAL)
            if isinstance(sort, str):
                item.type_name = sort
                item.type = field.TYPE_ENUM if sort.endswith(("DataType", "Kind")) else field.TYPE_MESSAGE
            else:
                item.type = sort
        return kind

    enum(file, "DataType", {"TYPE_INVALID": 0, "TYPE_INT64": 9, "TYPE_FP32": 11, "TYPE_FP64": 12, "TYPE_STRING": 13})
    tensor = [(1, "one", field.TYPE_STRING, "name"), (2, "one", ".inference.DataType", "data_type")]
    message("ModelInput", *tensor, (4, "many", field.TYPE_INT64, "dims"))
    message("ModelOutput", *tensor, (3, "many", field.TYPE_INT64, "dims"))
    group = message("ModelInstanceGroup", (2, "one", field.TYPE_INT32, "count"), (4, "one", ".inference.ModelInstanceGroup.Kind", "kind"))
    enum(group, "Kind", {"KIND_AUTO": 0, "KIND_GPU": 1, "KIND_CPU": 2})
    message("Latest", (1, "one", field.TYPE_UINT32, "num_versions"))
    message("ModelVersionPolicy", (1, "one", ".inference.Latest", "latest"))
    message(
        "ModelConfig",
        (1, "one", field.TYPE_STRING, "name"),
        (2, "one", field.TYPE_STRING, "platform"),
        (3, "one", ".inference.ModelVersionPolicy", "version_policy"),
        (4, "one", field.TYPE_INT32, "max_batch_size"),
        (5, "many", ".inference.ModelInput", "input"),
        (6, "many", ".inference.ModelOutput", "output"),
        (7, "many", ".inference.ModelInstanceGroup", "instance_group"),
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    descriptor = pool.FindMessageTypeByName("inference.ModelConfig")
    get = getattr(message_factory, "GetMessageClass", None) or message_factory.MessageFactory(pool).GetPrototype
    return get(descriptor)


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]}: {done.stdout}{done.stderr}")
    return done.stdout


def checks_of(folder):
    """Who found nothing wrong with which file, with the version of the tool."""
    checks = []
    shutil.copy(here.parent.parent / "src/export/server/template/Dockerfile", folder)
    deploy = pathlib.Path(folder) / "deploy"
    if shutil.which("promtool"):
        tool = re.search(r"promtool, version ([\d.]+)", run("promtool", "--version"))[0].replace(", version", "")
        shutil.copy(deploy / "prometheus-rules.yaml", deploy / "rules.yaml")
        run("promtool", "check", "config", str(deploy / "prometheus.yaml"))
        (deploy / "rules.yaml").unlink()
        run("promtool", "check", "rules", str(deploy / "prometheus-rules.yaml"))
        panels = [target["expr"] for panel in json.loads((deploy / "grafana-dashboard.json").read_text())["panels"] for target in panel["targets"]]
        asked = {"groups": [{"name": "panels", "rules": [{"record": f"panel{i}", "expr": text.replace("$__rate_interval", "5m")} for i, text in enumerate(panels)]}]}
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as rules:
            json.dump(asked, rules)
            rules.flush()
            run("promtool", "check", "rules", rules.name)
        checks += [{"path": f"deploy/{name}", "tool": tool} for name in ("prometheus.yaml", "prometheus-rules.yaml", "grafana-dashboard.json")]
    if shutil.which("docker-compose"):
        run("docker-compose", "-f", str(deploy / "compose.yaml"), "config", "--quiet")
        checks.append({"path": "deploy/compose.yaml", "tool": "docker-compose " + run("docker-compose", "version", "--short").strip()})
    tools = os.environ.get("DEPLOY_TOOLS")
    if tools and shutil.which("protoc"):
        with open(deploy / "triton/config.pbtxt") as config:
            subprocess.run(["protoc", "--encode=inference.ModelConfig", "model_config.proto"], stdin=config, stdout=subprocess.DEVNULL, cwd=tools, check=True)
        checks.append({"path": "deploy/triton/config.pbtxt", "tool": "protoc, Triton's model_config.proto"})
    if tools:
        checks += [json.loads(line) for line in run("node", str(here / "deploy-checks.mjs"), tools, folder).splitlines()]
    made = [{**check, "sha256": hashlib.sha256((pathlib.Path(folder) / check["path"]).read_bytes()).hexdigest()} for check in checks]
    same = lambda check: hashlib.sha256((pathlib.Path(folder) / check["path"]).read_bytes()).hexdigest() == check["sha256"]
    name = lambda check: (check["path"], check["tool"].rsplit(" ", 1)[0])
    kept = [check for check in before if same(check) and name(check) not in {name(other) for other in made}]
    return sorted(made + kept, key=lambda check: (check["path"], check["tool"]))


files = []
with tempfile.TemporaryDirectory() as folder:
    subprocess.run(["npx", "vitest", "run", "--project", "node", "test/golden/deploy.test.ts", "-t", "policies"], cwd=here.parent.parent, env={**os.environ, "DEPLOY_FILES": folder}, check=True)
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.suffix not in (".yaml", ".pbtxt"):
            continue
        text = path.read_text()
        content = list(yaml.safe_load_all(text)) if path.suffix == ".yaml" else [json_format.MessageToDict(text_format.Parse(text, model_config()()))]
        files.append({"path": str(path.relative_to(folder)), "sha256": hashlib.sha256(text.encode()).hexdigest(), "content": content})
    checks = checks_of(folder)
target.write_text(json.dumps({"versions": {"yaml": yaml.__version__, "protobuf": google.protobuf.__version__}, "checks": checks, "files": files}, indent=1, default=str) + "\n")
