"""Small SavedModels of many shapes. Each function writes one; its docstring is its line in README.md."""
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import golden  # first: it quiets TensorFlow's log
import keras
import numpy as np
import tensorflow as tf

SERVING = "serving_default"
f32, f64, i32, i64 = tf.float32, tf.float64, tf.int32, tf.int64


def weights(seed, *shape):
    """The same numbers on every machine, with few digits."""
    return np.round(np.random.default_rng(seed).normal(0, 0.3, shape), 3).astype(np.float32)


def spec(name, dtype, *shape):
    return tf.TensorSpec(shape, dtype, name=name)


def save(folder, signatures, module=None, version="1"):
    """signatures: {name: (function, specs)}. Writes folder/version."""
    module = module or tf.Module()
    module.functions = {n: tf.function(f, input_signature=s) for n, (f, s) in signatures.items()}
    tf.saved_model.save(module, str(folder / version), signatures=dict(module.functions))


def random(seed, *shape):
    return np.round(np.random.default_rng(seed).random(shape), 4).astype(np.float32)


def strings(*values):
    return np.array([v if isinstance(v, bytes) else v.encode() for v in values], dtype=object)


def dense_784_10(folder):
    """a dense layer with softmax, an image's pixels to ten probabilities; written by `ExportArchive`"""
    model = keras.Sequential([keras.Input((784,), name="image"), keras.layers.Dense(10, activation="softmax")])
    model.layers[0].set_weights([weights(1, 784, 10), weights(2, 10)])
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(SERVING, lambda image: {"probabilities": model(image)}, [spec("image", f32, None, 784)])
    archive.write_out(str(folder / "1"), verbose=False)
    return [(SERVING, {"image": random(n, n, 784)}) for n in (1, 2)]


def keras_export(folder):
    """a small network as `model.export()` writes it, with the names Keras gives (`output_0`)"""
    model = keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(8, activation="relu"),
                              keras.layers.Dense(1, activation="sigmoid")])
    model.set_weights([weights(3, 4, 8), weights(4, 8), weights(5, 8, 1), weights(6, 1)])
    model.export(str(folder / "1"), verbose=False)
    return [(SERVING, {"x": random(n, n, 4)}) for n in (1, 3, 64)]


def multi_io(folder):
    """a float matrix and an integer matrix in; a float vector, a float matrix and a string vector out"""
    def run(amounts, counts):
        total = tf.reduce_sum(amounts, 1) + tf.cast(tf.reduce_sum(counts, 1), f32)
        return {"total": total, "scaled": amounts * 2.0, "label": tf.where(total > 3.0, "high", "low")}
    save(folder, {SERVING: (run, [spec("amounts", f32, None, 3), spec("counts", i64, None, 2)])})
    return [(SERVING, {"amounts": random(7, n, 3), "counts": np.arange(2 * n, dtype=np.int64).reshape(n, 2)}) for n in (1, 3)]


def string_to_string(folder):
    """upper-cases UTF-8 strings"""
    save(folder, {SERVING: (lambda text: {"upper": tf.strings.upper(text, encoding="utf-8")}, [spec("text", tf.string, None)])})
    return [(SERVING, {"text": strings("abc")}), (SERVING, {"text": strings("", "Straße", "čaj 😀", "a" * 300)})]


def string_to_length(folder):
    """the number of bytes of a string, which may hold any byte, as int64"""
    save(folder, {SERVING: (lambda payload: {"length": tf.cast(tf.strings.length(payload), i64)}, [spec("payload", tf.string, None)])})
    return [(SERVING, {"payload": strings(b"", b"\0\1\xff\xfe", b"x" * 23, b"y" * 24)})]


def dtypes(folder):
    """one input and one output of each numeric type: int32, int64, float32, float64, bool, uint8"""
    types = {"i32": i32, "i64": i64, "f32": f32, "f64": f64, "u8": tf.uint8}

    def run(i32, i64, f32, f64, u8, flag):
        return {"i32_plus_1": i32 + 1, "i64_plus_1": i64 + 1, "f32_half": f32 / 2, "f64_third": f64 / 3,
                "u8_not": tf.bitwise.invert(u8), "flag_not": tf.logical_not(flag)}
    save(folder, {SERVING: (run, [spec(n, t, None, 2) for n, t in types.items()] + [spec("flag", tf.bool, None, 2)])})
    values = {"i32": np.array([[-2**31, 7]], np.int32), "i64": np.array([[2**53 + 1, -5]], np.int64),
              "f32": np.array([[1e-45, 3.5]], np.float32), "f64": np.array([[0.1, 1e300]]),
              "u8": np.array([[0, 200]], np.uint8), "flag": np.array([[True, False]])}
    return [(SERVING, values), (SERVING, {k: np.concatenate([v, v[:, ::-1]]) for k, v in values.items()})]


def masked_mean(folder):
    """two unknown dimensions: values padded to the longest row, with a mask"""
    def run(values, mask):
        weight = tf.cast(mask, f32)
        return {"mean": tf.math.divide_no_nan(tf.reduce_sum(values * weight, 1), tf.reduce_sum(weight, 1))}
    save(folder, {SERVING: (run, [spec("values", f32, None, None), spec("mask", tf.bool, None, None)])})
    mask = np.array([[1, 1, 1], [1, 0, 0], [0, 0, 0]], bool)
    return [(SERVING, {"values": np.arange(9, dtype=np.float32).reshape(3, 3), "mask": mask}),
            (SERVING, {"values": random(8, 2, 5), "mask": np.ones((2, 5), bool)}),
            (SERVING, {"values": np.zeros((1, 0), np.float32), "mask": np.zeros((1, 0), bool)})]


def fixed_batch_1(folder):
    """takes exactly one row"""
    kernel = tf.constant(weights(9, 4, 2))
    save(folder, {SERVING: (lambda x: {"y": tf.matmul(x, kernel)}, [spec("x", f32, 1, 4)])})
    return [(SERVING, {"x": random(10, 1, 4)})]


def fixed_batch_4(folder):
    """takes exactly four rows"""
    kernel = tf.constant(weights(9, 4, 2))
    save(folder, {SERVING: (lambda x: {"y": tf.matmul(x, kernel)}, [spec("x", f32, 4, 4)])})
    return [(SERVING, {"x": random(11, 4, 4)})]


def no_batch(folder):
    """no batch dimension: a scalar and a vector in, a scalar and a vector out, one record a call"""
    save(folder, {SERVING: (lambda factor, vector: {"dot": factor * tf.reduce_sum(vector), "scaled": factor * vector},
                            [spec("factor", f32), spec("vector", f32, 3)])})
    return [(SERVING, {"factor": np.float32(2), "vector": np.array([1, 2, 3.5], np.float32)})]


def scalar_output(folder):
    """one number for the whole batch: not usable row by row"""
    save(folder, {SERVING: (lambda x: {"mean": tf.reduce_mean(x)}, [spec("x", f32, None, 4)])})
    return [(SERVING, {"x": random(12, n, 4)}) for n in (1, 2)]


def rows_and_mean(folder):
    """a number per row, and one for the whole batch: only the first can be used"""
    save(folder, {SERVING: (lambda x: {"per_row": tf.reduce_sum(x, 1), "mean": tf.reduce_mean(x)}, [spec("x", f32, None, 4)])})
    return [(SERVING, {"x": random(30, n, 4)}) for n in (1, 2)]


def odd_names(folder):
    """an input and outputs whose names mean something else in a pipeline file: `input`, `null`"""
    save(folder, {SERVING: (lambda input, y: {"input": input + y, "null": y * 2.0}, [spec("input", f32, None), spec("y", f32, None)])})
    return [(SERVING, {"input": random(31, 2), "y": random(32, 2)})]


def open_image(folder):
    """images of any size (uint8 [?,?,?,3]) to their mean colour"""
    save(folder, {SERVING: (lambda image: {"mean": tf.reduce_mean(tf.cast(image, f32), [1, 2])}, [spec("image", tf.uint8, None, None, None, 3)])})
    return [(SERVING, {"image": np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)})]


def batch_dependent(folder):
    """a row's answer depends on its neighbours: the check at warm-up must find it"""
    save(folder, {SERVING: (lambda x: {"y": x - tf.reduce_mean(x, 0, keepdims=True)}, [spec("x", f32, None, 4)])})
    return [(SERVING, {"x": random(13, n, 4)}) for n in (1, 3)]


def unknown_rank(folder):
    """input and output whose number of dimensions is not known"""
    save(folder, {SERVING: (lambda x: {"y": x + 1.0}, [tf.TensorSpec(None, f32, name="x")])})
    return [(SERVING, {"x": random(14, 2, 2)}), (SERVING, {"x": random(15, 3)})]


def embedding(folder):
    """an id (int32, a vector of rows) to an embedding of eight numbers"""
    module = tf.Module()
    module.table = tf.Variable(weights(16, 20, 8))
    save(folder, {SERVING: (lambda id: {"embedding": tf.gather(module.table, id)}, [spec("id", i32, None)])}, module)
    return [(SERVING, {"id": np.array([0, 19, 3], np.int32)})]


def several_signatures(folder):
    """`serving_default`, `classify` and `embed` on the same weights"""
    module = tf.Module()
    module.kernel = tf.Variable(weights(17, 4, 3))
    classes = tf.constant(["calm", "storm", "flood"])
    x = [spec("x", f32, None, 4)]
    save(folder, {
        SERVING: (lambda x: {"logits": tf.matmul(x, module.kernel)}, x),
        "classify": (lambda x: {"class": tf.gather(classes, tf.argmax(tf.matmul(x, module.kernel), 1)),
                                "probabilities": tf.nn.softmax(tf.matmul(x, module.kernel))}, x),
        "embed": (lambda x: {"vector": tf.tanh(tf.matmul(x, module.kernel))}, x)}, module)
    return [(s, {"x": random(18, 3, 4)}) for s in (SERVING, "classify", "embed")]


def no_serving_default(folder):
    """its only signature is called `score`"""
    save(folder, {"score": (lambda x: {"y": tf.reduce_sum(x, 1)}, [spec("x", f32, None, 2)])})
    return [("score", {"x": random(19, 2, 2)})]


def fails_on_negative(folder):
    """INVALID_ARGUMENT at run time as soon as one value of the batch is negative: for bisecting"""
    def run(x):
        tf.debugging.assert_non_negative(x, message="x must not be negative")
        return {"root": tf.sqrt(tf.reduce_sum(x, 1))}
    save(folder, {SERVING: (run, [spec("x", f32, None, 2)])})
    rows = [[1, 3], [0, 0], [-1, 2], [4, 5]]
    return [(SERVING, {"x": np.array(r, np.float32)}) for r in (rows[:2], rows, rows[2:3], rows[3:])]


def not_finite(folder):
    """log: NaN for negative numbers, -infinity for 0"""
    save(folder, {SERVING: (lambda x: {"log": tf.math.log(x)}, [spec("x", f32, None)])})
    return [(SERVING, {"x": np.array([1, 0, -1, np.inf], np.float32)})]


def unrestored_variables(folder):
    """`tf.saved_model.save` on a Keras 3 model: loads, then the first run fails with 'Could not find variable'"""
    model = keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(2)])
    model.set_weights([weights(20, 4, 2), weights(21, 2)])
    tf.saved_model.save(model, str(folder / "1"))
    return [(SERVING, {"inputs": random(22, 1, 4)})]


def parse_example(folder):
    """a serialised tf.Example in: parsed inside the graph"""
    def run(examples):
        parsed = tf.io.parse_example(examples, {
            "amount": tf.io.FixedLenFeature([], f32, default_value=0.0), "country": tf.io.FixedLenFeature([], tf.string, default_value="??"),
            "history": tf.io.FixedLenSequenceFeature([], i64, allow_missing=True)})
        return {"country": parsed["country"], "sum": parsed["amount"] + tf.cast(tf.reduce_sum(parsed["history"], 1), f32)}
    save(folder, {SERVING: (run, [spec("examples", tf.string, None)])})

    def example(amount, country, history):
        feature = {"amount": tf.train.Feature(float_list=tf.train.FloatList(value=[amount])),
                   "country": tf.train.Feature(bytes_list=tf.train.BytesList(value=[country])),
                   "history": tf.train.Feature(int64_list=tf.train.Int64List(value=history))}
        return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString(deterministic=True)
    good = [example(1.5, b"DE", [1, 2, 3]), example(-2.0, b"FR", []), b""]
    return [(SERVING, {"examples": strings(*good)}), (SERVING, {"examples": strings(good[0], b"not an example")})]


def decode_image(folder):
    """the bytes of a JPEG or PNG in, its mean colour out"""
    def mean(data):
        return tf.reduce_mean(tf.cast(tf.io.decode_image(data, channels=3, expand_animations=False), f32), [0, 1])
    save(folder, {SERVING: (lambda image: {"mean_rgb": tf.map_fn(mean, image, fn_output_signature=tf.TensorSpec([3], f32))},
                            [spec("image", tf.string, None)])})
    pixels = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3) * 5
    jpeg, png = tf.io.encode_jpeg(pixels).numpy(), tf.io.encode_png(pixels).numpy()
    return [(SERVING, {"image": strings(jpeg)}), (SERVING, {"image": strings(png, jpeg)}), (SERVING, {"image": strings(b"no image")})]


def lookup_asset(folder):
    """a vocabulary in the model's own `assets/`, read by an initialiser when the model is loaded"""
    scratch = folder / "vocabulary.txt"
    folder.mkdir(parents=True, exist_ok=True)
    scratch.write_text("calm\nstorm\nflood\n", encoding="utf-8")
    module = tf.Module()
    module.asset = tf.saved_model.Asset(str(scratch))
    module.table = tf.lookup.StaticVocabularyTable(tf.lookup.TextFileInitializer(
        module.asset, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, i64, tf.lookup.TextFileIndex.LINE_NUMBER), 1)
    save(folder, {SERVING: (lambda word: {"id": module.table.lookup(word)}, [spec("word", tf.string, None)])}, module)
    scratch.unlink()
    return [(SERVING, {"word": strings("flood", "calm", "snow")})]


def two_versions(folder):
    """versions 1 and 2 with different weights; `golden.json` is version 1, `golden_2.json` version 2"""
    cases = [(SERVING, {"x": random(23, 3, 4)})]
    for version in ("1", "2"):
        module = tf.Module()
        module.kernel = tf.Variable(weights(24 + int(version), 4, 1))
        save(folder, {SERVING: (lambda x: {"score": tf.sigmoid(tf.matmul(x, module.kernel))}, [spec("x", f32, None, 4)])}, module, version)
    golden.write_saved_model_golden(folder, cases, "2", "golden_2.json")
    return cases


def tf1_builder(folder):
    """written by TensorFlow 1's builder: a frozen-style graph, tensor names unlike the signature's, one ref variable"""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(f32, [None, 4], "scope/dense_input")
        kernel = v1.get_variable("kernel", initializer=weights(27, 4, 2), use_resource=False)
        y = tf.nn.softmax(tf.matmul(x, kernel), name="scope/probabilities")
        session.run(v1.global_variables_initializer())
        builder = v1.saved_model.Builder(str(folder / "1"))
        info = v1.saved_model.build_tensor_info
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": v1.saved_model.build_signature_def(
            {"inputs": info(x)}, {"scores": info(y)}, "tensorflow/serving/predict")})
        builder.save()
    return [(SERVING, {"inputs": random(28, 2, 4)})]


def custom_op(folder):
    """an operation of a library of its own, built from `fraction_of_row.cc`: without the library it must not load"""
    source = Path(__file__).with_name("fraction_of_row.cc")
    with TemporaryDirectory() as scratch:
        library = f"{scratch}/libfraction_of_row.so"
        flags = tf.sysconfig.get_compile_flags() + tf.sysconfig.get_link_flags()
        subprocess.run(["g++", "-std=c++17", "-shared", "-fPIC", "-O1", "-w", str(source), "-o", library, *flags], check=True)
        operation = tf.load_op_library(library).thalweg_fraction_of_row
    save(folder, {SERVING: (lambda x: {"y": operation(x)}, [spec("x", f32, None, 3)])})
    return [(SERVING, {"x": random(29, n, 3)}) for n in (1, 3)]


MODELS = [dense_784_10, keras_export, multi_io, string_to_string, string_to_length, dtypes, masked_mean, fixed_batch_1,
          fixed_batch_4, no_batch, scalar_output, batch_dependent, unknown_rank, embedding, several_signatures,
          no_serving_default, fails_on_negative, not_finite, unrestored_variables, parse_example, decode_image,
          lookup_asset, two_versions, tf1_builder, custom_op, rows_and_mean, odd_names, open_image]


def make(root, only):
    for build in MODELS:
        if only and build.__name__ not in only:
            continue
        folder = Path(root) / build.__name__
        shutil.rmtree(folder, ignore_errors=True)
        keras.utils.set_random_seed(0)
        golden.write_saved_model_golden(folder, build(folder))
        for assets in folder.glob("*/assets"):  # mostly empty, and git keeps no empty folder
            if not any(assets.iterdir()):
                assets.rmdir()
        print(f"{build.__name__}: {build.__doc__.strip()}", flush=True)
