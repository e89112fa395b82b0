"""Runs a model the way a native program does and writes what came out as golden.json.

SavedModels are run through a TensorFlow 1 session: the same loader, feeds and fetches as the C API, so an error
found here (a variable that was not restored, a failed assertion) is the error the C API gives too.
"""
import base64
import json
import math
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np



def number(value):
    """The shortest decimal that reads back as the same number; JSON has no NaN, so that is a string."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return float(str(value))


def tensor_json(array):
    array = np.asarray(array)
    if array.dtype.kind in "OSU":
        elements = [e.encode() if isinstance(e, str) else bytes(e) for e in array.reshape(-1)]
        try:
            return {"dtype": "string", "shape": list(array.shape), "data": [e.decode() for e in elements]}
        except UnicodeDecodeError:
            return {"dtype": "string", "shape": list(array.shape), "encoding": "base64",
                    "data": [base64.b64encode(e).decode() for e in elements]}
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": [number(v) for v in array.reshape(-1)]}


def tensors_json(tensors):
    return {name: tensor_json(tensors[name]) for name in sorted(tensors)}


def write_json(path, content):
    """One line per key and per case: a change shows as the line that changed."""
    def line(value):
        return json.dumps(value, ensure_ascii=False)
    head = [f" {line(key)}: {line(value)}" for key, value in content.items() if key != "cases"]
    cases = ",\n".join("  " + line(case) for case in content["cases"])
    path.write_text("{\n" + ",\n".join(head + [f' "cases": [\n{cases}\n ]']) + "\n}\n", encoding="utf-8")


def tensor_info(info, tf):
    shape = None if info.tensor_shape.unknown_rank else [d.size for d in info.tensor_shape.dim]
    return {"dtype": tf.dtypes.as_dtype(info.dtype).name, "shape": shape}


def run_saved_model(version_dir, cases):
    """cases: (signature, {input: array}). Returns the signatures and what each case gave."""
    import tensorflow as tf
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        meta = v1.saved_model.load(session, ["serve"], str(version_dir))
        signatures = {
            name: {"inputs": {k: tensor_info(v, tf) for k, v in sorted(definition.inputs.items())},
                   "outputs": {k: tensor_info(v, tf) for k, v in sorted(definition.outputs.items())}}
            for name, definition in sorted(meta.signature_def.items()) if name != "__saved_model_init_op"}
        results = []
        for signature, inputs in cases:
            definition = meta.signature_def[signature]
            result = {"signature": signature, "inputs": tensors_json(inputs)}
            try:
                fetched = session.run({k: v.name for k, v in definition.outputs.items()},
                                      {definition.inputs[k].name: v for k, v in inputs.items()})
                result["outputs"] = tensors_json(fetched)
            except tf.errors.OpError as error:
                result["error"] = {"code": type(error).__name__.removesuffix("Error"), "number": error.error_code}
            results.append(result)
    return signatures, results


def write_saved_model_golden(model_dir, cases, version="1", file="golden.json"):
    import tensorflow as tf
    signatures, results = run_saved_model(Path(model_dir) / version, cases)
    write_json(Path(model_dir) / file, {"reference": f"TensorFlow {tf.__version__}", "version": version,
                                        "signatures": signatures, "cases": results})
