"""The models of the workloads: seeded random weights, which cost the same time as trained ones.

One list of weights is written as a SavedModel, as ONNX, and computed by plain NumPy, which judges the two and
every contestant's answers.
"""

import json
import math
import os
import shutil

import numpy as np

from values import CHANNELS, COUNTRIES, MCCS, PIXELS, Bits

# Means and scales are near those of the generated payments, and belong to the model as its weights do.
FEATURES = {
    "columns": 48,
    "numbers": [
        {"field": "amount", "log1p": True, "mean": 0.0, "scale": 1.0},
        {"field": "hour", "log1p": False, "mean": 12.0, "scale": 4.5},
        {"field": "minutes_since_last", "log1p": True, "mean": 4.5, "scale": 1.75},
        {"field": "card_age_days", "log1p": False, "mean": 1825.0, "scale": 1053.0},
        {"field": "balance", "log1p": True, "mean": 5.5, "scale": 1.75},
    ],
    "categories": [
        {"field": "country", "words": sorted(COUNTRIES)},
        {"field": "channel", "words": sorted(CHANNELS)},
        {"field": "merchant_category_code", "words": sorted(MCCS)},
    ],
}
# name -> input, its width, output, (units, activation) of each layer
MODELS = {
    "tabular": ("x", 48, "score", [(40, "relu"), (24, "relu"), (1, "sigmoid")]),
    "image": ("image", PIXELS, "scores", [(32, "relu")] * 4 + [(10, "softmax")]),
}


def weights(name, seed):
    """[(kernel, bias)] of each layer: uniform, as Glorot has it, biases a tenth of that."""
    _, width, _, layers = MODELS[name]
    bits = Bits(seed, 10 + list(MODELS).index(name))

    def uniform(shape, limit):
        whole = bits.below(1 << 24, math.prod(shape)).astype(np.float64) / (1 << 23) - 1.0
        return (whole * limit).astype(np.float32).reshape(shape)

    made = []
    for units, _ in layers:
        limit = math.sqrt(6.0 / (width + units))
        made.append((uniform((width, units), limit), uniform((units,), 0.1 * limit)))
        width = units
    return made


def forward(name, layers, x):
    """The model in NumPy, in float64: nearer to the truth than any contestant."""
    x = x.astype(np.float64)
    for (kernel, bias), (_, activation) in zip(layers, MODELS[name][3]):
        x = x @ kernel.astype(np.float64) + bias
        if activation == "relu":
            x = np.maximum(x, 0.0)
        elif activation == "sigmoid":
            x = 1.0 / (1.0 + np.exp(-x))
        else:
            x = np.exp(x - x.max(axis=1, keepdims=True))
            x /= x.sum(axis=1, keepdims=True)
    return x


def tabular_features(rows):
    """Payments to the model's input."""
    x = np.zeros((len(rows), FEATURES["columns"]), np.float32)
    for column, number in enumerate(FEATURES["numbers"]):
        values = np.array([row[number["field"]] for row in rows], np.float32)
        values = np.log1p(values) if number["log1p"] else values
        x[:, column] = (values - np.float32(number["mean"])) / np.float32(number["scale"])
    first = len(FEATURES["numbers"])
    for category in FEATURES["categories"]:
        place = {word: n for n, word in enumerate(category["words"], 1)}
        for row, values in enumerate(rows):
            x[row, first + place.get(values[category["field"]], 0)] = 1.0
        first += 1 + len(category["words"])
    return x


def features_yaml():
    """FEATURES in Thalweg's words."""
    lines = ["# What turns a payment into the model's input. Written by bench/workloads/generate.py.", "inputs:"]
    lines += [f"  {n['field']}: float32" for n in FEATURES["numbers"]]
    lines += [f"  {c['field']}: string" for c in FEATURES["categories"]]
    lines += ["features:", f"  x:    # one row of {FEATURES['columns']} float32", "    stack:"]
    for n in FEATURES["numbers"]:
        what = f"{{ log1p: {n['field']} }}" if n["log1p"] else n["field"]
        if (n["mean"], n["scale"]) != (0.0, 1.0):
            what = f"{{ standardise: {what}, mean: {n['mean']}, scale: {n['scale']} }}"
        lines.append(f"      - {what}")
    lines += [
        f"      - {{ one_hot: {c['field']}, vocabulary: {c['field']}.txt, num_oov_indices: 1 }}"
        for c in FEATURES["categories"]
    ]
    return "\n".join(lines) + "\n"


def write_features(folder):
    """features.json for everyone, features.yaml and its vocabularies in the version's own folder."""
    (folder / "features.json").write_text(json.dumps(FEATURES, indent=1) + "\n")
    extra = folder / "1" / "assets.extra"
    extra.mkdir(parents=True, exist_ok=True)
    (extra / "features.yaml").write_text(features_yaml())
    for category in FEATURES["categories"]:
        (extra / f"{category['field']}.txt").write_text("".join(w + "\n" for w in category["words"]))


def write_saved_model(name, layers, folder):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import tensorflow as tf

    feed, width, fetch, shape = MODELS[name]
    model = keras.Sequential([keras.Input((width,), name=feed)])
    for (kernel, bias), (units, activation) in zip(layers, shape):
        model.add(keras.layers.Dense(units, activation=activation))
        model.layers[-1].set_weights([kernel, bias])
    archive = keras.export.ExportArchive()
    archive.track(model)
    spec = tf.TensorSpec((None, width), tf.float32, name=feed)
    archive.add_endpoint("serving_default", lambda x: {fetch: model(x)}, [spec])
    shutil.rmtree(folder, ignore_errors=True)
    archive.write_out(str(folder), verbose=False)
    if (folder / "assets").is_dir() and not any((folder / "assets").iterdir()):
        (folder / "assets").rmdir()


def write_onnx(name, layers, path):
    from onnx import TensorProto, checker, helper, numpy_helper

    feed, width, fetch, shape = MODELS[name]
    nodes, initializers, last = [], [], feed
    for n, ((kernel, bias), (_, activation)) in enumerate(zip(layers, shape)):
        initializers += [numpy_helper.from_array(kernel, f"w{n}"), numpy_helper.from_array(bias, f"b{n}")]
        nodes.append(helper.make_node("Gemm", [last, f"w{n}", f"b{n}"], [f"sum{n}"]))
        last = fetch if n + 1 == len(layers) else f"layer{n}"
        settings = {"axis": -1} if activation == "softmax" else {}
        nodes.append(helper.make_node(activation.capitalize(), [f"sum{n}"], [last], **settings))
    graph = helper.make_graph(
        nodes, name,
        [helper.make_tensor_value_info(feed, TensorProto.FLOAT, ["rows", width])],
        [helper.make_tensor_value_info(fetch, TensorProto.FLOAT, ["rows", shape[-1][0]])],
        initializers,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="")
    checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def outputs(name, folder, x):
    """What the files say: (SavedModel, ONNX)."""
    import tensorflow as tf
    from onnx.reference import ReferenceEvaluator

    feed, _, fetch, _ = MODELS[name]
    loaded = tf.saved_model.load(str(folder / name / "1"))
    saved = loaded.signatures["serving_default"](**{feed: tf.constant(x)})[fetch].numpy()
    return saved, ReferenceEvaluator(str(folder / f"{name}.onnx")).run([fetch], {feed: x})[0]
