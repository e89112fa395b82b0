#!/usr/bin/env python3
"""Writes one JSON file per feature step: inputs, and what the operation it must equal made of them.

    apt-get install wordnet-base
    pip install tensorflow-cpu==2.21.0 scikit-learn==1.9.1 nltk==3.7
    python tests/feature/golden/make_golden.py

A file: {"reference": "<operation and version>", "cases": [{"params": …, "input": …, "output": …}]}. `params` may hold `dtype` (of the
input) and `output_dtype`. A case the operation refuses has `error` in place of `output`. NaN and the infinities are strings.
"""
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "models"))
from golden import number, write_json


def plain(value):
    """numpy arrays and numbers as JSON, with the shortest digits that read back as the same number."""
    if isinstance(value, np.ndarray):
        return [plain(v) for v in value] if value.ndim else plain(value[()])
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, (bool, np.bool_, int, float, np.number)):
        return number(value)
    return value


def case(params, input, output):
    """`output` may be a function: an exception it throws becomes the case's `error`."""
    result = {"params": params, "input": input}
    try:
        result["output"] = output() if callable(output) else output
    except Exception as error:  # what the operation throws is its own choice
        result["error"] = type(error).__name__
    return result


def write(step, reference, cases, **more):
    write_json(HERE / f"{step}.json", {"reference": reference, **more, "cases": [plain(c) for c in cases]})
    print(f"{step}.json: {len(cases)} cases, {reference}", flush=True)


if __name__ == "__main__":
    import golden_categories
    import golden_numbers
    import golden_text
    golden_numbers.make(write, case)
    golden_categories.make(write, case)
    golden_text.make(write, case)
