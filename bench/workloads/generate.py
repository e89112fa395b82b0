#!/usr/bin/env python3
"""Writes the messages and models that the benchmarks use. Same seed, same bytes; see bench/README.md.

    python=$(bench/peers/python-common/install)
    $python bench/workloads/generate.py --out build/bench-data
    $python bench/workloads/generate.py --out build/bench-data --only tabular,models --records 10000

Needs NumPy; the models also TensorFlow and onnx. bench/peers/python-common/install puts all of them in one place
and prints the path of its Python. With the default seed and sizes the SHA-256 of the files is compared with HASHES in this folder.
"""

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path

TRY = "try the Python of bench/peers/python-common/install"
try:
    import numpy as np

    import models
    import values
except ImportError as error:
    sys.exit(f"generate.py: expected the package {error.name}; found none; {TRY}")

RECORDS = {"tabular": 1_000_000, "image": 20_000, "tweets": 100_000}
PARTS = [*RECORDS, "models"]
SEED = 1
AGREE = 1e-6
HASHES = Path(__file__).resolve().parent / "HASHES"
# A SavedModel is not here: TensorFlow writes another one each time. That it holds the same weights is checked, and what was written is
# hashed in the folder's own HASHES.
HASHED = {
    "tabular": ["tabular.jsonl"],
    "image": ["image.jsonl", "image-raw.bin"],
    "tweets": ["tweets.jsonl"],
    "models": [
        "models/tabular.onnx", "models/image.onnx", "models/tabular/features.json",
        "models/tabular/1/assets.extra/features.yaml",
    ],
}  # fmt: skip


def say(text, end="\n"):
    print(text, end=end, file=sys.stderr, flush=True)


class Progress:
    """A line that is written over on a terminal; elsewhere one line at the end."""

    def __init__(self, name, total):
        self.name, self.total, self.done, self.began = name, total, 0, time.monotonic()

    def add(self, count):
        self.done += count
        if sys.stderr.isatty():
            say(f"\r{self.name}: {self.done:,} of {self.total:,}", end="")

    def end(self):
        seconds = time.monotonic() - self.began
        say(f"{chr(13) if sys.stderr.isatty() else ''}{self.name}: {self.done:,} in {seconds:.1f} s")


def write_values(part, seed, count, out):
    """The files of one workload, whole or not at all: written beside, then moved."""
    targets = [out / name for name in HASHED[part]]
    beside = [target.with_suffix(".part") for target in targets]
    progress = Progress(part, count)
    files = [path.open("wb") for path in beside]
    for n, *contents in getattr(values, part)(seed, count):
        for file, content in zip(files, contents):
            file.write(content)
        progress.add(n)
    for file, path, target in zip(files, beside, targets):
        file.close()
        path.replace(target)
    progress.end()


def sample_of(name, seed):
    if name == "image":
        _, _, raw = next(values.image(seed, 64))
        return np.frombuffer(raw, "<f4").reshape(-1, values.PIXELS)
    _, lines = next(values.tabular(seed, 64))
    return models.tabular_features([json.loads(line) for line in lines.splitlines()])


def write_models(seed, out):
    folder = out / "models"
    for name in models.MODELS:
        (folder / name).mkdir(parents=True, exist_ok=True)
        layers = models.weights(name, seed)
        models.write_onnx(name, layers, folder / f"{name}.onnx")
        models.write_saved_model(name, layers, folder / name / "1")
        if name == "tabular":
            models.write_features(folder / name)
        x = sample_of(name, seed)
        truth = models.forward(name, layers, x)
        for kind, answer in zip(("SavedModel", "ONNX"), models.outputs(name, folder, x)):
            off = np.abs(answer - truth).max()
            if answer.shape != truth.shape or not off <= AGREE:
                sys.exit(f"generate.py: {kind} of '{name}': expected NumPy's outputs within {AGREE}; got {off:.1e} off")
        weights = sum(k.size + b.size for k, b in layers)
        say(f"models: {name}, {weights:,} weights; SavedModel, ONNX and NumPy agree within {AGREE}")


def digest(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_hashes(out):
    """Hashes of all that is there, in the format of sha256sum."""
    names = [name for part in PARTS for name in HASHED[part] if (out / name).exists()]
    for folder in (out / "models" / name / "1" for name in models.MODELS):
        files = sorted(str(p.relative_to(out)) for p in folder.rglob("*") if p.is_file())
        names += [name for name in files if name not in names]
    lines = [f"{digest(out / name)}  {name}" for name in names]
    (out / "HASHES").write_text("".join(line + "\n" for line in lines))
    return dict(reversed(line.split("  ")) for line in lines)


def compare(found, parts):
    lines = HASHES.read_text().splitlines() if HASHES.exists() else []
    known = dict(reversed(line.split("  ")) for line in lines)
    for name in (name for part in parts for name in HASHED[part]):
        print(f"{found[name]}  {name}")
        if known.get(name) != found[name]:
            yield name


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--out", type=Path, required=True, help="folder to write to, best build/bench-data")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--records", type=int, help=f"of each kind (default: {RECORDS})")
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    options = parser.parse_args()
    parts = options.only.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"--only: expected some of {','.join(PARTS)}; got {','.join(sorted(unknown))}")
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        for part in parts:
            if part == "models":
                write_models(options.seed, options.out)
            else:
                write_values(part, options.seed, options.records or RECORDS[part], options.out)
    except ImportError as error:
        sys.exit(f"generate.py: models need the package {error.name}; found none; {TRY}")
    found = write_hashes(options.out)
    differ = list(compare(found, parts))
    judged = [n for n in differ if options.seed == SEED and (options.records is None or n.startswith("models/"))]
    if judged:
        sys.exit(f"generate.py: {', '.join(judged)}: expected the hashes of {HASHES.name}; got those above")


if __name__ == "__main__":
    main()
