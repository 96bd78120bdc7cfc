"""ONNX files as other tools write them, with the answers of the tools themselves.

The graphs follow the layouts of skl2onnx (label, then probabilities through ZipMap), of XGBoost's converter
(TreeEnsemble with base values, probabilities without ZipMap) and of torch.onnx. The hostile ones must be refused.
`debian` holds small files of Debian's libonnx-testdata (Apache-2.0) where that package is installed under
LIBONNX_TESTDATA or /usr/share/libonnx-testdata.
"""
import base64
import io
import json
import os
import pathlib

import numpy as np
import onnx
import sklearn
import torch
import xgboost
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

here = pathlib.Path(__file__).parent
ML = "ai.onnx.ml"
OPSETS = [helper.make_opsetid("", 15), helper.make_opsetid(ML, 2)]
cases, hostile = [], []


def model(nodes, inputs, outputs, initializers=(), opsets=OPSETS):
    graph = helper.make_graph(nodes, "graph", inputs, outputs, list(initializers))
    return helper.make_model(graph, opset_imports=opsets, producer_name="golden", ir_version=8)


def tensor(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def zipmap_output(name, key):
    value = onnx.ValueInfoProto(name=name)
    kind = value.type.sequence_type.elem_type.map_type
    kind.key_type = key
    kind.value_type.tensor_type.elem_type = TensorProto.FLOAT
    return value


def encoded(made):
    return base64.b64encode(made.SerializeToString() if hasattr(made, "SerializeToString") else made).decode()


def case(name, made, columns, scores, classes=None, **more):
    if hasattr(made, "SerializeToString"):
        onnx.checker.check_model(made)
    cases.append({"name": name, "onnx": encoded(made), "columns": columns, "scores": np.asarray(scores, float).tolist(), "classes": classes, **more})


def rows(X, n=12):
    return [X[:n, j].astype(np.float32).astype(float).tolist() for j in range(X.shape[1])]


# scikit-learn, as skl2onnx lays it out
X, y = load_wine(return_X_y=True)
X = X[::7].astype(np.float32)
y = y[::7]
scaler = StandardScaler().fit(X)
logistic = LogisticRegression(max_iter=1000).fit(scaler.transform(X), y)
case(
    "skl2onnx LogisticRegression with ZipMap of numbers",
    model(
        [
            helper.make_node("Scaler", ["X"], ["scaled"], domain=ML, offset=scaler.mean_.tolist(), scale=(1 / scaler.scale_).tolist()),
            helper.make_node(
                "LinearClassifier", ["scaled"], ["label", "raw"], domain=ML, classlabels_ints=[0, 1, 2], multi_class=1, post_transform="SOFTMAX",
                coefficients=logistic.coef_.ravel().tolist(), intercepts=logistic.intercept_.tolist(),
            ),
            helper.make_node("Normalizer", ["raw"], ["probabilities"], domain=ML, norm="L1"),
            helper.make_node("Cast", ["label"], ["output_label"], to=TensorProto.INT64),
            helper.make_node("ZipMap", ["probabilities"], ["output_probability"], domain=ML, classlabels_int64s=[0, 1, 2]),
        ],
        [tensor("X", TensorProto.FLOAT, [None, X.shape[1]])],
        [tensor("output_label", TensorProto.INT64, [None]), zipmap_output("output_probability", TensorProto.INT64)],
    ),
    rows(X), logistic.predict_proba(scaler.transform(X))[:12], ["0", "1", "2"],
)

names = np.array(["barolo", "grignolino", "barbera"])[y]
forest = RandomForestClassifier(5, max_depth=3, random_state=0).fit(X, names)
attributes = {key: [] for key in ("nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_values", "nodes_modes", "nodes_truenodeids", "nodes_falsenodeids", "class_treeids", "class_nodeids", "class_ids", "class_weights")}
for t, estimator in enumerate(forest.estimators_):
    tree = estimator.tree_
    for node in range(tree.node_count):
        leaf = tree.children_left[node] < 0
        for key, value in (
            ("nodes_treeids", t), ("nodes_nodeids", node), ("nodes_featureids", 0 if leaf else tree.feature[node]), ("nodes_values", 0.0 if leaf else tree.threshold[node]),
            ("nodes_modes", "LEAF" if leaf else "BRANCH_LEQ"), ("nodes_truenodeids", 0 if leaf else tree.children_left[node]), ("nodes_falsenodeids", 0 if leaf else tree.children_right[node]),
        ):
            attributes[key].append(value if isinstance(value, str) else value.item() if hasattr(value, "item") else value)
        if leaf:
            share = tree.value[node][0] / tree.value[node][0].sum() / len(forest.estimators_)
            for c, weight in enumerate(share):
                attributes["class_treeids"].append(t)
                attributes["class_nodeids"].append(node)
                attributes["class_ids"].append(c)
                attributes["class_weights"].append(float(weight))


def forest_model(changed=None):
    return model(
        [
            helper.make_node("TreeEnsembleClassifier", ["X"], ["label", "probabilities"], domain=ML, classlabels_strings=forest.classes_.tolist(), post_transform="NONE", **{**attributes, **(changed or {})}),
            helper.make_node("ZipMap", ["probabilities"], ["output_probability"], domain=ML, classlabels_strings=forest.classes_.tolist()),
        ],
        [tensor("X", TensorProto.FLOAT, [None, X.shape[1]])],
        [tensor("label", TensorProto.STRING, [None]), zipmap_output("output_probability", TensorProto.STRING)],
    )


case("skl2onnx RandomForestClassifier with ZipMap of names", forest_model(), rows(X), forest.predict_proba(X)[:12], forest.classes_.tolist())

places = np.array(["hill", "shore", "town"])[np.arange(60) % 3]
size = np.linspace(-2, 2, 60).astype(np.float32)
kind = ((size > 0) ^ (places == "shore")).astype(int)
design = np.column_stack([(places == name).astype(float) for name in ("hill", "shore", "town")] + [size])
mixed = LogisticRegression().fit(design, kind)
case(
    "a pipeline with one input a column: text and double",
    model(
        [
            helper.make_node("OneHotEncoder", ["place"], ["hot"], domain=ML, cats_strings=["hill", "shore", "town"], zeros=1),
            helper.make_node("Reshape", ["hot", "flat"], ["hot2"]),
            helper.make_node("Cast", ["size"], ["size32"], to=TensorProto.FLOAT),
            helper.make_node("Concat", ["hot2", "size32"], ["features"], axis=1),
            helper.make_node("LinearClassifier", ["features"], ["label", "probabilities"], domain=ML, classlabels_strings=["no", "yes"], post_transform="LOGISTIC", coefficients=np.vstack([-mixed.coef_, mixed.coef_]).ravel().tolist(), intercepts=[-mixed.intercept_[0], mixed.intercept_[0]]),
        ],
        [tensor("place", TensorProto.STRING, [None, 1]), tensor("size", TensorProto.DOUBLE, [None, 1])],
        [tensor("label", TensorProto.STRING, [None]), tensor("probabilities", TensorProto.FLOAT, [None, 2])],
        [numpy_helper.from_array(np.array([-1, 3], np.int64), "flat")],
    ),
    [places[:12].tolist(), size[:12].astype(float).tolist()], mixed.predict_proba(design)[:12], ["no", "yes"],
)


# XGBoost, as its converter lays it out
def xgboost_nodes(booster):
    out = {key: [] for key in ("nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_values", "nodes_modes", "nodes_truenodeids", "nodes_falsenodeids", "nodes_missing_value_tracks_true")}
    leaves = []
    for t, text in enumerate(booster.get_dump(dump_format="json")):
        stack = [json.loads(text)]
        while stack:
            node = stack.pop()
            leaf = "leaf" in node
            for key, value in (
                ("nodes_treeids", t), ("nodes_nodeids", node["nodeid"]), ("nodes_featureids", 0 if leaf else int(node["split"][1:])), ("nodes_values", 0.0 if leaf else node["split_condition"]),
                ("nodes_modes", "LEAF" if leaf else "BRANCH_LT"), ("nodes_truenodeids", 0 if leaf else node["yes"]), ("nodes_falsenodeids", 0 if leaf else node["no"]),
                ("nodes_missing_value_tracks_true", 0 if leaf else int(node["missing"] == node["yes"])),
            ):
                out[key].append(value)
            if leaf:
                leaves.append((t, node["nodeid"], node["leaf"]))
            stack.extend(node.get("children", []))
    return out, leaves


X, y = load_breast_cancer(return_X_y=True)
X = X[:120].astype(np.float32)
X[3, 2] = X[5, 7] = np.nan
y = y[:120]
booster = xgboost.train({"objective": "binary:logistic", "max_depth": 3, "base_score": 0.5}, xgboost.DMatrix(X, y), 6)
nodes, leaves = xgboost_nodes(booster)
probability = booster.predict(xgboost.DMatrix(X))
case(
    "XGBoost binary classifier",
    model(
        [helper.make_node(
            "TreeEnsembleClassifier", ["input"], ["label", "probabilities"], domain=ML, classlabels_int64s=[0, 1], post_transform="LOGISTIC", base_values=[0.0],
            class_treeids=[l[0] for l in leaves], class_nodeids=[l[1] for l in leaves], class_ids=[0] * len(leaves), class_weights=[l[2] for l in leaves], **nodes,
        )],
        [tensor("input", TensorProto.FLOAT, ["N", X.shape[1]])],
        [tensor("label", TensorProto.INT64, ["N"]), tensor("probabilities", TensorProto.FLOAT, ["N", 2])],
    ),
    [[None if np.isnan(v) else float(v) for v in X[:12, j]] for j in range(X.shape[1])], np.column_stack([1 - probability, probability])[:12], ["0", "1"],
)

X, y = load_diabetes(return_X_y=True)
X = X[:150].astype(np.float32)
y = y[:150]
booster = xgboost.train({"max_depth": 3, "base_score": 150.0}, xgboost.DMatrix(X, y), 8)
nodes, leaves = xgboost_nodes(booster)
case(
    "XGBoost regressor",
    model(
        [helper.make_node(
            "TreeEnsembleRegressor", ["input"], ["variable"], domain=ML, n_targets=1, base_values=[150.0],
            target_treeids=[l[0] for l in leaves], target_nodeids=[l[1] for l in leaves], target_ids=[0] * len(leaves), target_weights=[l[2] for l in leaves], **nodes,
        )],
        [tensor("input", TensorProto.FLOAT, [None, X.shape[1]])], [tensor("variable", TensorProto.FLOAT, [None, 1])],
    ),
    rows(X), booster.predict(xgboost.DMatrix(X))[:12, None],
)

# torch.onnx
torch.manual_seed(0)
for name, last, dynamic in (("torch classifier of logits", 3, True), ("torch regressor that takes one row at a time", 1, False)):
    net = torch.nn.Sequential(torch.nn.Linear(10, 8), torch.nn.ReLU(), torch.nn.Linear(8, last)).eval()
    target = io.BytesIO()
    torch.onnx.export(net, torch.zeros(1, 10), target, input_names=["x"], output_names=["y"], opset_version=13, **({"dynamic_axes": {"x": {0: "n"}, "y": {0: "n"}}} if dynamic else {}))
    with torch.no_grad():
        answer = net(torch.from_numpy(X[:12]))
    case(name, target.getvalue(), rows(X), (torch.softmax(answer, 1) if last > 1 else answer).numpy(), ["a", "b", "c"] if last > 1 else None, given_classes=last > 1)


# What must be refused
def refused(name, made, rule):
    hostile.append({"name": name, "onnx": encoded(made), "rule": rule})


line = [tensor("x", TensorProto.FLOAT, [None, 1])], [tensor("y", TensorProto.FLOAT, [None, 1])]
outside = model([helper.make_node("Add", ["x", "w"], ["y"])], *line, [numpy_helper.from_array(np.ones(1, np.float32), "w")])
weight = outside.graph.initializer[0]
weight.ClearField("raw_data")
weight.data_location = TensorProto.EXTERNAL
weight.external_data.add(key="location", value="../../../../etc/passwd")
refused("weights outside the file", outside, "another file, which is never read")
body = helper.make_graph([helper.make_node("Identity", ["c"], ["d"])], "body", [tensor("i", TensorProto.INT64, []), tensor("c", TensorProto.BOOL, [])], [tensor("d", TensorProto.BOOL, [])])
refused("a loop", model([helper.make_node("Loop", ["", "x"], ["y"], body=body)], *line), "loops and branches are not run here")
refused("operators of nobody", model([helper.make_node("Shell", ["x"], ["y"], domain="com.example")], *line, opsets=[helper.make_opsetid("com.example", 1)]), "com.example.Shell")
refused("random numbers", model([helper.make_node("RandomNormalLike", ["x"], ["y"])], *line), "RandomNormalLike")
refused("two values of one name", model([helper.make_node("Neg", ["x"], ["y"]), helper.make_node("Abs", ["x"], ["y"])], *line), "two values have one name: y")
refused("an input from nowhere", model([helper.make_node("Neg", ["z"], ["y"])], *line), "reads what nothing before it makes: z")
negative = model([helper.make_node("Add", ["x", "w"], ["y"])], *line, [numpy_helper.from_array(np.ones(1, np.float32), "w")])
negative.graph.initializer[0].dims[:] = [-1]
refused("a negative size", negative, "a dimension outside 0")
huge = model([helper.make_node("Add", ["x", "w"], ["y"])], *line, [numpy_helper.from_array(np.ones(1, np.float32), "w")])
huge.graph.initializer[0].dims[:] = [2**30]
refused("a size without values", huge, "must hold 1073741824 values: 1")
left = list(attributes["nodes_truenodeids"])
inner = next(i for i, mode in enumerate(attributes["nodes_modes"]) if mode != "LEAF")
refused("a tree with a cycle", forest_model({"nodes_truenodeids": [*left[:inner], attributes["nodes_nodeids"][inner], *left[inner + 1:]]}), "TreeEnsembleClassifier")
refused("a child that is not there", forest_model({"nodes_truenodeids": [*left[:inner], 10**9, *left[inner + 1:]]}), "leads to a node that is not there")
refused("a list that is short", forest_model({"nodes_falsenodeids": attributes["nodes_falsenodeids"][:-1]}), "must have as many entries")
refused("a text file", b"label,probability\n1,0.5\n", "invalid ONNX file")
refused("half a file", forest_model().SerializeToString()[:700], "invalid ONNX file")
refused("pictures", model([helper.make_node("Relu", ["x"], ["y"])], [tensor("x", TensorProto.FLOAT, [None, 3, 224, 224])], [tensor("y", TensorProto.FLOAT, [None, 3, 224, 224])]), "rows of a table have the shape")

zoo = pathlib.Path(os.environ.get("LIBONNX_TESTDATA", "/usr/share/libonnx-testdata")) / "data" / "node"
debian = []
for name in ("test_gemm_default_no_bias", "test_logsoftmax_axis_1", "test_if", "test_loop11", "test_adagrad", "test_sequence_map_identity_2_sequences", "test_tfidfvectorizer_tf_only_bigrams_skip0", "test_where_example"):
    path = zoo / name / "model.onnx"
    if path.exists():
        made = onnx.load(path)
        debian.append({"name": name, "onnx": base64.b64encode(path.read_bytes()).decode(), "operators": [f"{n.domain or 'ai.onnx'} {n.op_type}" for n in made.graph.node], "graphs": any(a.HasField("g") for n in made.graph.node for a in n.attribute)})

target = here / "foreign.json"
if not debian and target.exists():
    debian = json.loads(target.read_text())["debian"]
target.write_text(json.dumps({"versions": {"onnx": onnx.__version__, "sklearn": sklearn.__version__, "torch": torch.__version__, "xgboost": xgboost.__version__}, "cases": cases, "hostile": hostile, "debian": debian}) + "\n")
