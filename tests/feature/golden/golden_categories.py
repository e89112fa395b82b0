"""Categories: vocabulary, hash buckets, one_hot, multi_hot, count."""
import keras
import numpy as np
import sklearn
import tensorflow as tf
from sklearn.preprocessing import OneHotEncoder

KERAS = keras.__version__
WORDS = ["a", "b", "", "calm", "storm", "Straße", "straße", "😀", "日本", "x" * 100, "[UNK]", " a", "a ", "0", "-1", "é", "e\u0301"]
NUMBERS = [0, 1, -1, 7, 42, 2**31 - 1, -2**31, 2**40, -2**63, 2**63 - 1]


def ids(layer, values):
    return lambda: np.asarray(layer(tf.constant(values)))


def vocabulary(write, case):
    known = ["a", "storm", "Straße", "😀", "日本", "é"]
    cases = []
    for oov in (0, 1, 2, 5):
        for mask in (None, "", "a_mask"):
            layer = keras.layers.StringLookup(vocabulary=known, num_oov_indices=oov, mask_token=mask)
            params = {"vocabulary": known, "num_oov_indices": oov, "mask_token": mask, "oov_token": "[UNK]", "output_dtype": "int64"}
            inputs = known + ([mask] if mask is not None else []) if oov == 0 else WORDS + ["a_mask"]
            cases.append(case(params, inputs, ids(layer, inputs)))
            if oov == 0:
                cases.append(case(params, ["unknown"], ids(layer, ["unknown"])))
    write("vocabulary", f"keras.layers.StringLookup {KERAS}", cases,
          note="order of ids: mask token, out-of-vocabulary ids, words; several of these: FarmHash Fingerprint64 modulo their number")


def vocabulary_integers(write, case):
    known = [7, 42, -1, 2**40]
    cases = []
    for oov in (0, 1, 3):
        for mask in (None, 0):
            layer = keras.layers.IntegerLookup(vocabulary=known, num_oov_indices=oov, mask_token=mask, vocabulary_dtype="int64")
            params = {"vocabulary": known, "num_oov_indices": oov, "mask_token": mask, "dtype": "int64", "output_dtype": "int64"}
            inputs = known + ([mask] if mask is not None else []) if oov == 0 else NUMBERS
            cases.append(case(params, inputs, ids(layer, np.array(inputs, np.int64))))
            if oov == 0:
                cases.append(case(params, [5], ids(layer, np.array([5], np.int64))))
    write("vocabulary_integers", f"keras.layers.IntegerLookup {KERAS}", cases,
          note="several out-of-vocabulary ids: the number itself modulo their number")


def hash_buckets(write, case):
    rng = np.random.default_rng(1)
    letters = list("abcdefghijklmnopqrstuvwxyz0123456789-_é日😀")
    # every length up to 130: FarmHash has a path each for 0-16, 17-32, 33-64 and more bytes
    lengths = ["".join(rng.choice(letters, n)) for n in range(130)] + ["z" * 1000]
    cases = []
    for buckets in (1, 2, 10, 1000, 2**31 - 1):
        for mask in (None, "a"):
            layer = keras.layers.Hashing(num_bins=buckets, mask_value=mask)
            inputs = WORDS + lengths if buckets > 2 else WORDS
            cases.append(case({"buckets": buckets, "mask_value": mask, "output_dtype": "int64"}, inputs, ids(layer, inputs)))
    for dtype in ("int32", "int64", "float32", "float64"):
        values = np.array([n for n in NUMBERS if dtype == "int64" or abs(n) < 2**31] + [1000, -1000], dtype)
        if dtype.startswith("float"):
            values = np.concatenate([values, np.array([0.5, -0.5, 1.999, -1.999], dtype)])
        cases.append(case({"buckets": 1000, "mask_value": None, "dtype": dtype, "output_dtype": "int64"}, values,
                          ids(keras.layers.Hashing(num_bins=1000), values)))
    write("hash_buckets", f"keras.layers.Hashing {KERAS} (no salt: FarmHash Fingerprint64 modulo buckets)", cases,
          note="numbers are hashed as their decimal text, floats cut to int64 first; with a mask value bucket 0 is its own")
    cases = []
    for salt in (133, [1, 2], [2**63, 12345678901234567890]):
        for mask in (None, "a"):
            layer = keras.layers.Hashing(num_bins=1000, salt=salt, mask_value=mask)
            cases.append(case({"buckets": 1000, "salt": salt, "mask_value": mask, "output_dtype": "int64"}, WORDS + lengths[:40],
                              ids(layer, WORDS + lengths[:40])))
    write("hash_buckets_salt", f"keras.layers.Hashing {KERAS} (with salt: SipHash of the text modulo buckets)", cases,
          note="one number as salt is both halves of the key")
    inputs = WORDS + lengths
    # two moduli, coprime and with a product above 2**61: together they pin the whole hash
    moduli = [2**31 - 1, 2**31 - 2]
    write("farmhash", f"tf.strings.to_hash_bucket_fast, TensorFlow {tf.__version__}", [
        case({"modulus": m, "output_dtype": "int64"}, inputs, tf.strings.to_hash_bucket_fast(inputs, m).numpy()) for m in moduli])


def one_hot(write, case):
    cases = []
    for depth in (1, 4, 10):
        layer = keras.layers.CategoryEncoding(num_tokens=depth, output_mode="one_hot")
        inputs = [i % depth for i in (0, 3, 1, 2, 9)]
        cases.append(case({"depth": depth, "output_dtype": "float32"}, inputs, ids(layer, inputs)))
        for outside in (depth, -1):
            cases.append(case({"depth": depth}, [0, outside], ids(layer, [0, outside])))
    write("one_hot", f"keras.layers.CategoryEncoding {KERAS} (output_mode one_hot)", cases)
    known = ["5411", "5812", "Straße", "日本"]
    inputs = known[::-1] + ["", "unknown", "5411"]
    cases = []
    encoder = OneHotEncoder(categories=[known], handle_unknown="ignore", sparse_output=False, dtype=np.float32)
    encoder.fit(np.array(known, object)[:, None])
    cases.append(case({"vocabulary": known, "unknown": "zeros", "output_dtype": "float32"}, inputs,
                      encoder.transform(np.array(inputs, object)[:, None])))
    strict = OneHotEncoder(categories=[known]).fit(np.array(known, object)[:, None])
    cases.append(case({"vocabulary": known, "unknown": "error"}, ["unknown"], lambda: strict.transform([["unknown"]]).toarray()))
    write("one_hot_words", f"sklearn.preprocessing.OneHotEncoder {sklearn.__version__}", cases)
    cases = []
    for oov in (1, 2):
        layer = keras.layers.StringLookup(vocabulary=known, num_oov_indices=oov, output_mode="one_hot")
        cases.append(case({"vocabulary": known, "num_oov_indices": oov, "output_dtype": "float32"}, inputs, ids(layer, inputs)))
    write("one_hot_lookup", f"keras.layers.StringLookup {KERAS} (output_mode one_hot)", cases)


def multi_hot(write, case):
    for mode in ("multi_hot", "count"):
        cases = []
        layer = keras.layers.CategoryEncoding(num_tokens=5, output_mode=mode)
        for rows in ([[0, 1, 1], [4, 4, 4]], [[2]], [[3, 0, 3, 3]]):
            cases.append(case({"depth": 5, "output_dtype": "float32"}, rows, ids(layer, rows)))
        cases.append(case({"depth": 5}, [[0, 5]], ids(layer, [[0, 5]])))
        if mode == "count":
            rows, weights = [[0, 1, 1], [4, 4, 0]], [[0.5, 2.0, 0.25], [1.0, -1.0, 3.0]]
            cases.append(case({"depth": 5, "weights": weights, "output_dtype": "float32"}, rows,
                              np.asarray(layer(tf.constant(rows), count_weights=tf.constant(weights)))))
        write(mode, f"keras.layers.CategoryEncoding {KERAS} (output_mode {mode})", cases)
        known = ["calm", "storm", "日本"]
        cases = []
        for oov in (1, 2):
            layer = keras.layers.StringLookup(vocabulary=known, num_oov_indices=oov, output_mode=mode)
            for rows in ([["calm", "storm", "calm"], ["", "snow", "rain"]], [["日本"]]):
                cases.append(case({"vocabulary": known, "num_oov_indices": oov, "output_dtype": "float32"}, rows, ids(layer, rows)))
        write(f"{mode}_words", f"keras.layers.StringLookup {KERAS} (output_mode {mode})", cases)


def make(write, case):
    for step in (vocabulary, vocabulary_integers, hash_buckets, one_hot, multi_hot):
        step(write, case)
