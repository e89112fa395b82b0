"""Small ONNX models. Each function returns (model, cases); its docstring is its line in README.md."""
import shutil
from pathlib import Path

import numpy as np
import onnx
from golden import tensors_json, write_json
from onnx import TensorProto as T
from onnx import helper
from onnx.numpy_helper import from_array
from onnx.reference import ReferenceEvaluator


def value(name, dtype, *shape):
    """None or a name: an unknown dimension."""
    return helper.make_tensor_value_info(name, dtype, list(shape))


def constant(name, array):
    return from_array(np.asarray(array), name)


def model(nodes, inputs, outputs, constants=(), opset=17):
    graph = helper.make_graph(nodes, "graph", inputs, outputs, list(constants))
    # an old IR version: readers refuse one newer than themselves, and nothing here needs a new one
    made = helper.make_model(graph, producer_name="thalweg-tests", ir_version=8 if opset <= 17 else 10, opset_imports=[helper.make_opsetid("", opset)])
    onnx.checker.check_model(made, full_check=True)
    return made


def weights(seed, *shape, dtype=np.float32):
    return np.round(np.random.default_rng(seed).normal(0, 0.5, shape), 3).astype(dtype)


def random(seed, *shape, dtype=np.float32):
    return np.round(np.random.default_rng(seed).random(shape), 4).astype(dtype)


def onnx_mlp():
    """a network with softmax, float32 [N,4] to [N,3]"""
    nodes = [helper.make_node("Gemm", ["x", "w1", "b1"], ["h"]), helper.make_node("Relu", ["h"], ["r"]),
             helper.make_node("Gemm", ["r", "w2", "b2"], ["logits"]), helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1)]
    constants = [constant("w1", weights(1, 4, 8)), constant("b1", weights(2, 8)), constant("w2", weights(3, 8, 3)), constant("b2", weights(4, 3))]
    made = model(nodes, [value("x", T.FLOAT, "N", 4)], [value("probabilities", T.FLOAT, "N", 3)], constants)
    return made, [{"x": random(n, n, 4)} for n in (1, 3, 64)]


def onnx_multi_io():
    """int64 ids and float32 numbers in; an int64 class and a float32 score out"""
    nodes = [helper.make_node("Gather", ["table", "id"], ["row"]), helper.make_node("Add", ["row", "numbers"], ["sum"]),
             helper.make_node("ReduceSum", ["sum", "axis"], ["score"], keepdims=0), helper.make_node("ArgMax", ["sum"], ["class"], axis=1, keepdims=0)]
    constants = [constant("table", weights(5, 10, 3)), constant("axis", np.array([1], np.int64))]
    made = model(nodes, [value("id", T.INT64, "N"), value("numbers", T.FLOAT, "N", 3)], [value("class", T.INT64, "N"), value("score", T.FLOAT, "N")], constants)
    return made, [{"id": np.array([0, 9, 4][:n], np.int64), "numbers": random(6, n, 3)} for n in (1, 3)]


def onnx_dynamic_length():
    """two unknown dimensions: the mean over a sequence of any length, with a mask"""
    nodes = [helper.make_node("Cast", ["mask"], ["m"], to=T.FLOAT), helper.make_node("Mul", ["values", "m"], ["kept"]),
             helper.make_node("ReduceSum", ["kept", "axis"], ["sum"], keepdims=0), helper.make_node("ReduceSum", ["m", "axis"], ["count"], keepdims=0),
             helper.make_node("Max", ["count", "one"], ["at_least_1"]), helper.make_node("Div", ["sum", "at_least_1"], ["mean"])]
    constants = [constant("axis", np.array([1], np.int64)), constant("one", np.array([1], np.float32))]
    made = model(nodes, [value("values", T.FLOAT, "N", "L"), value("mask", T.BOOL, "N", "L")], [value("mean", T.FLOAT, "N")], constants)
    mask = np.array([[1, 1, 1], [1, 0, 0], [0, 0, 0]], bool)
    return made, [{"values": random(7, 3, 3), "mask": mask}, {"values": random(8, 1, 7), "mask": np.ones((1, 7), bool)}]


def onnx_recent_opset():
    """opset 21, with Gelu as one node (since 20)"""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Gelu", ["h"], ["y"], approximate="tanh")]
    made = model(nodes, [value("x", T.FLOAT, "N", 4)], [value("y", T.FLOAT, "N", 2)], [constant("w", weights(9, 4, 2))], opset=21)
    return made, [{"x": random(10, n, 4)} for n in (1, 5)]


def onnx_double():
    """float64 in and out"""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Sigmoid", ["h"], ["y"])]
    made = model(nodes, [value("x", T.DOUBLE, "N", 3)], [value("y", T.DOUBLE, "N", 1)], [constant("w", weights(11, 3, 1, dtype=np.float64))])
    return made, [{"x": random(12, n, 3, dtype=np.float64)} for n in (1, 4)]


def onnx_dtypes():
    """int32, uint8 and bool in and out"""
    nodes = [helper.make_node("Add", ["i32", "one"], ["i32_plus_1"]), helper.make_node("Cast", ["u8"], ["u8_as_i32"], to=T.INT32),
             helper.make_node("Not", ["flag"], ["flag_not"])]
    made = model(nodes, [value("i32", T.INT32, "N", 2), value("u8", T.UINT8, "N", 2), value("flag", T.BOOL, "N", 2)],
                 [value("i32_plus_1", T.INT32, "N", 2), value("u8_as_i32", T.INT32, "N", 2), value("flag_not", T.BOOL, "N", 2)],
                 [constant("one", np.array([1], np.int32))])
    return made, [{"i32": np.array([[-5, 2**31 - 2]], np.int32), "u8": np.array([[0, 255]], np.uint8), "flag": np.array([[True, False]])}]


def onnx_int64():
    """one int64 in and out, as it is: what is left of numbers beyond 32 bits"""
    return model([helper.make_node("Identity", ["x"], ["y"])], [value("x", T.INT64, "N")], [value("y", T.INT64, "N")]), [{"x": np.array([0, -7, 2**31 - 1], np.int64)}]


def onnx_fixed_batch_1():
    """takes exactly one row"""
    made = model([helper.make_node("MatMul", ["x", "w"], ["y"])], [value("x", T.FLOAT, 1, 4)], [value("y", T.FLOAT, 1, 2)], [constant("w", weights(13, 4, 2))])
    return made, [{"x": random(14, 1, 4)}]


def onnx_two_versions():
    """versions 1 and 2 with different weights; `golden.json` is version 1, `golden_2.json` version 2"""
    made = [model([helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Sigmoid", ["h"], ["score"])],
                  [value("x", T.FLOAT, "N", 4)], [value("score", T.FLOAT, "N", 1)], [constant("w", weights(14 + v, 4, 1))]) for v in (1, 2)]
    return made, [{"x": random(17, 3, 4)}]


MODELS = [onnx_mlp, onnx_multi_io, onnx_dynamic_length, onnx_recent_opset, onnx_double, onnx_dtypes, onnx_int64, onnx_fixed_batch_1, onnx_two_versions]


def tensor_info(info):
    kind = info.type.tensor_type
    return {"dtype": helper.tensor_dtype_to_np_dtype(kind.elem_type).name, "shape": [d.dim_value if d.HasField("dim_value") else -1 for d in kind.shape.dim]}


def write(folder, made, cases, version):
    (folder / str(version)).mkdir(parents=True)
    onnx.save(made, folder / str(version) / "model.onnx")
    evaluator = ReferenceEvaluator(made)
    results = [{"inputs": tensors_json(c), "outputs": tensors_json(dict(zip(evaluator.output_names, evaluator.run(None, c))))} for c in cases]
    signature = {"inputs": {i.name: tensor_info(i) for i in made.graph.input}, "outputs": {o.name: tensor_info(o) for o in made.graph.output}}
    write_json(folder / ("golden.json" if version == 1 else f"golden_{version}.json"),
               {"reference": f"onnx.reference {onnx.__version__}", "version": str(version), "signatures": {"": signature}, "cases": results})


def make(root, only):
    for build in MODELS:
        if only and build.__name__ not in only:
            continue
        folder = Path(root) / build.__name__
        shutil.rmtree(folder, ignore_errors=True)
        made, cases = build()
        for version, one in enumerate(made if isinstance(made, list) else [made], 1):
            write(folder, one, cases, version)
        print(f"{build.__name__}: {build.__doc__.strip()}", flush=True)
