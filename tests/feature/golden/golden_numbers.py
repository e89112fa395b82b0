"""Numbers: standardise, min_max, log1p, clip, bucketize."""
import keras
import numpy as np
import sklearn
from sklearn.preprocessing import MinMaxScaler, StandardScaler

SKLEARN, NUMPY, KERAS = f"{sklearn.__version__}", f"numpy {np.__version__}", f"{keras.__version__}"
DTYPES = ("float32", "float64")
NAN, INF = np.nan, np.inf


def nasty(dtype):
    info = np.finfo(dtype)
    return np.array([0.0, -0.0, 1.0, -1.0, 0.1, -2.5, 3.14159, 1e-8, 123456.789, -9876543.0, 16777217.0, NAN, INF, -INF,
                     info.smallest_subnormal, -info.smallest_subnormal, info.tiny, info.max / 4, -info.max / 4], dtype)


def without_infinity(values):
    return values[~np.isinf(values)]  # scikit-learn refuses infinities


def spread(seed, dtype, rows=40):
    return (np.random.default_rng(seed).normal(50, 200, rows)).astype(dtype)


def standardise(write, case):
    cases = []
    for dtype in DTYPES:
        for seed in (1, 2):
            scaler = StandardScaler().fit(spread(seed, dtype)[:, None])
            values = np.concatenate([without_infinity(nasty(dtype)), spread(seed + 10, dtype)])
            params = {"dtype": dtype, "mean": float(scaler.mean_[0]), "scale": float(scaler.scale_[0])}
            cases.append(case(params, values, scaler.transform(values[:, None])[:, 0]))
        constant = StandardScaler().fit(np.full((3, 1), 7.5, dtype))  # no variance: scale_ is 1
        cases.append(case({"dtype": dtype, "mean": 7.5, "scale": float(constant.scale_[0])}, without_infinity(nasty(dtype)),
                          constant.transform(without_infinity(nasty(dtype))[:, None])[:, 0]))
        columns = np.random.default_rng(3).normal([0, 100, -5], [1, 30, 0.01], (6, 3)).astype(dtype)
        several = StandardScaler().fit(columns)
        cases.append(case({"dtype": dtype, "mean": several.mean_, "scale": several.scale_}, columns, several.transform(columns)))
    write("standardise", f"sklearn.preprocessing.StandardScaler {SKLEARN}", cases,
          arithmetic="mean and scale are cast to the input's type first; (x - mean) / scale in that type")


def normalise_keras(write, case):
    values = np.concatenate([nasty("float32"), spread(4, "float32")])
    cases = []
    for mean, variance in ((0.5, 4.0), (-3.25, 0.1), (10.0, 0.0)):
        layer = keras.layers.Normalization(axis=None, mean=mean, variance=variance)
        cases.append(case({"dtype": "float32", "mean": mean, "variance": variance}, values, np.asarray(layer(values))))
    write("normalization_keras", f"keras.layers.Normalization {KERAS}", cases,
          arithmetic="(x - mean) / max(sqrt(variance), 1e-7), in float32")


def min_max(write, case):
    cases = []
    for dtype, fitted_on in (("float32", "float32"), ("float32", "float64"), ("float64", "float64")):
        for low, high, clip in ((0, 1, False), (-1, 1, False), (0, 1, True), (2, 7, True)):
            fitted = spread(5, fitted_on)
            scaler = MinMaxScaler((low, high), clip=clip).fit(fitted[:, None])
            values = np.concatenate([without_infinity(nasty(dtype)), fitted.astype(dtype), spread(6, dtype)])
            with np.errstate(over="ignore"):
                output = scaler.transform(values[:, None])[:, 0]
            params = {"dtype": dtype, "fitted_on": fitted_on, "data_min": float(fitted.min()), "data_max": float(fitted.max()), "low": low, "high": high,
                      "clip": clip, "scale": float(scaler.scale_[0]), "min": float(scaler.min_[0])}
            cases.append(case(params, values, output))
    write("min_max", f"sklearn.preprocessing.MinMaxScaler {SKLEARN}", cases,
          arithmetic="scale = (high - low) / (data_max - data_min) and min = low - data_min * scale, in the type fitted on; then x * scale "
                     "and + min, each computed in the wider of that type and the input's, and rounded to the input's")


def log1p(write, case):
    cases = []
    for dtype in DTYPES:
        values = np.concatenate([nasty(dtype), np.array([-0.5, -0.999, -2, 1e-20], dtype), np.abs(spread(7, dtype))])
        with np.errstate(all="ignore"):
            cases.append(case({"dtype": dtype}, values, np.log1p(values)))
    write("log1p", f"{NUMPY} log1p", cases, tolerance="two units in the last place: libraries differ")


def clip(write, case):
    cases = []
    for dtype in DTYPES:
        for low, high in ((-1, 1), (0, 100.5), (0.1, 0.1)):
            cases.append(case({"dtype": dtype, "low": low, "high": high}, nasty(dtype), np.clip(nasty(dtype), low, high)))
        cases.append(case({"dtype": dtype, "low": 0}, nasty(dtype), np.clip(nasty(dtype), 0, None)))
        cases.append(case({"dtype": dtype, "high": 0}, nasty(dtype), np.clip(nasty(dtype), None, 0)))
    whole = np.array([-2**31, -5, 0, 5, 2**31 - 1], "int32")
    cases.append(case({"dtype": "int32", "low": -3, "high": 4}, whole, np.clip(whole, -3, 4)))
    write("clip", f"{NUMPY} clip", cases)


def bucketize(write, case):
    cases = []
    inputs = {"float32": np.concatenate([nasty("float32"), np.array([6, 12, 18, 5.9999995, 23], "float32")]),
              "float64": np.concatenate([nasty("float64"), np.array([6, 12, 18, 5.999999999, 23])]),
              "int32": np.array([-7, 0, 5, 6, 7, 11, 12, 18, 24], "int32"), "int64": np.array([-7, 0, 6, 2**40], "int64")}
    for dtype, values in inputs.items():
        for edges in ([6, 12, 18], [0.0], [-1.0, 0.1, 3.14159, 1e5]):
            cases.append(case({"dtype": dtype, "edges": edges, "output_dtype": "int64"}, values, np.digitize(values, edges)))
    write("bucketize", f"{NUMPY} digitize (right=False)", cases, note="equal to an edge: the bucket above it; NaN: the last bucket")
    cases = []
    for dtype, values in inputs.items():
        for edges in ([6.0, 12.0, 18.0], [0.0], [-1.0, 0.1, 3.14159, 1e5]):
            layer = keras.layers.Discretization(bin_boundaries=edges)
            cases.append(case({"dtype": dtype, "edges": edges, "output_dtype": "int64"}, values, lambda: np.asarray(layer(values))))
    write("bucketize_keras", f"keras.layers.Discretization {KERAS}", cases, note="float32 edges; a float64 input is cast to float32 by Keras")


def make(write, case):
    for step in (standardise, normalise_keras, min_max, log1p, clip, bucketize):
        step(write, case)
