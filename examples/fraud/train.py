#!/usr/bin/env python3
"""Trains a small network that finds fraud among card payments, and writes it with its features as model/1.

    pip install tensorflow-cpu==2.21.0
    python train.py

The payments are invented (payments.py). The features are made by Keras's own layers; the features.yaml that is written beside the model
says the same to Thalweg, with the means and vocabularies of the training data.
"""
import argparse
import json
import os
import shutil
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
import tensorflow as tf

import payments

HERE = Path(__file__).resolve().parent
HOURS = [6, 12, 18, 22]
CHANNELS = list(payments.CHANNELS)
BUCKETS = 32

FEATURES = """\
# What turns a payment into the model's input. Written by train.py: the numbers and vocabularies are the training data's.
inputs:
  amount: float32
  hour: int32
  country: string
  channel: string
  merchant: string
  mcc: string
  minutes_since_last: float32
  card_age_days: float32
features:
  x:                                               # one row of {width} float32
    stack:
      - {{ log1p: amount }}
      - {{ standardise: {{ log1p: minutes_since_last }}, mean: {minutes_mean}, scale: {minutes_scale} }}
      - {{ standardise: card_age_days, mean: {age_mean}, scale: {age_scale} }}
      - {{ one_hot: mcc, vocabulary: mcc.txt, num_oov_indices: 1 }}          # what is not in the file: the first column
      - {{ one_hot: country, vocabulary: country.txt, num_oov_indices: 1 }}
      - {{ one_hot: channel, vocabulary: channel.txt, num_oov_indices: 1 }}
      - {{ one_hot: {{ bucketize: hour, edges: {hours} }}, depth: {hour_depth} }}
      - {{ one_hot: {{ hash_buckets: merchant, buckets: {buckets} }}, depth: {buckets} }}
"""


def column(rows, *path, default=None):
    def value(row):
        for key in path:
            row = row.get(key, default)
        return row
    return [value(row) for row in rows]


class Features:
    """The payments' numbers and categories as one float32 matrix; `fit` learns means and vocabularies."""

    def fit(self, rows):
        self.mcc = sorted(set(column(rows, "merchant", "mcc")))
        self.countries = sorted(set(column(rows, "country")))
        self.minutes = self.mean_and_scale(np.log1p(np.array(column(rows, "minutes_since_last"), np.float32)))
        self.age = self.mean_and_scale(np.array(column(rows, "card_age_days"), np.float32))
        return self

    @staticmethod
    def mean_and_scale(values):
        return np.float32(round(float(values.mean()), 5)), np.float32(round(float(values.std()), 5))

    def __call__(self, rows):
        def numbers(name):
            return np.array(column(rows, name), np.float32)

        def words(vocabulary, *path):
            lookup = keras.layers.StringLookup(vocabulary=vocabulary, num_oov_indices=1, output_mode="one_hot")
            return np.asarray(lookup(tf.constant(column(rows, *path, default=""))), np.float32)

        def one_hot(ids, depth):
            return np.eye(depth, dtype=np.float32)[np.asarray(ids)]
        with np.errstate(invalid="ignore"):  # a refund has no logarithm; the pipeline filters it out
            amount = np.log1p(numbers("amount"))
        return np.concatenate([
            amount[:, None],
            ((np.log1p(numbers("minutes_since_last")) - self.minutes[0]) / self.minutes[1])[:, None],
            ((numbers("card_age_days") - self.age[0]) / self.age[1])[:, None],
            words(self.mcc, "merchant", "mcc"), words(self.countries, "country"), words(CHANNELS, "channel"),
            one_hot(keras.layers.Discretization(bin_boundaries=HOURS)(np.array(column(rows, "hour"), np.int32)), len(HOURS) + 1),
            one_hot(keras.layers.Hashing(num_bins=BUCKETS)(tf.constant(column(rows, "merchant", "id"))), BUCKETS)], axis=1)

    def write(self, folder, width):
        folder.mkdir()
        (folder / "features.yaml").write_text(FEATURES.format(
            width=width, minutes_mean=str(self.minutes[0]), minutes_scale=str(self.minutes[1]), age_mean=str(self.age[0]), age_scale=str(self.age[1]),
            hours=HOURS, hour_depth=len(HOURS) + 1, buckets=BUCKETS), encoding="utf-8")
        for name, words in {"mcc": self.mcc, "country": self.countries, "channel": CHANNELS}.items():
            (folder / f"{name}.txt").write_text("".join(f"{word}\n" for word in words), encoding="utf-8")


def build(width):
    model = keras.Sequential([keras.Input((width,), name="x"), keras.layers.Dense(32, activation="relu"),
                              keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=[keras.metrics.AUC(name="auc")])
    return model


def export(model, folder, width):
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serving_default", lambda x: {"probability": model(x)}, [tf.TensorSpec((None, width), tf.float32, name="x")])
    archive.write_out(str(folder), verbose=False)
    assets = folder / "assets"
    if assets.is_dir() and not any(assets.iterdir()):
        assets.rmdir()


def write_scores(model, features, path):
    """What Python says about the sample. A payment that the pipeline filters out (amount not above 0) has no score."""
    rows = [json.loads(line) for line in (HERE / "sample.jsonl").read_text(encoding="utf-8").splitlines()]
    scores = model.predict(features(rows), verbose=0)[:, 0]
    lines = [{"row": n, "score": float(str(score)) if row["amount"] > 0 else None} for n, (row, score) in enumerate(zip(rows, scores))]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--out", type=Path, default=HERE / "model", help="the model's directory; the version goes below it")
    parser.add_argument("--version", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--expected", type=Path, help="also write the scores of sample.jsonl to this file")
    options = parser.parse_args()
    keras.utils.set_random_seed(7)
    rows, targets = zip(*payments.payments(40000, seed=1))
    targets = np.array(targets, np.float32)
    features = Features().fit(rows[:32000])
    x = features(rows)
    width = x.shape[1]
    model = build(width)
    model.fit(x[:32000], targets[:32000], epochs=options.epochs, batch_size=64, verbose=2)
    _, auc = model.evaluate(x[32000:], targets[32000:], verbose=0)
    print(f"{width} inputs, {model.count_params()} weights, {targets.mean():.1%} fraud; AUC on 8000 other payments: {auc:.3f}")

    folder = options.out / str(options.version)
    shutil.rmtree(folder, ignore_errors=True)
    export(model, folder, width)
    features.write(folder / "assets.extra", width)
    if options.expected:
        write_scores(model, features, options.expected)
    print(f"wrote {os.path.relpath(folder)}")


if __name__ == "__main__":
    main()
