#!/usr/bin/env python3
"""Trains the network that tells tweets about disasters from others, and writes it as a version Thalweg can run.

    apt-get install wordnet-base
    pip install tensorflow-cpu==2.21.0
    python train.py                                  # on invented tweets, into model/1
    python train.py --csv train.csv --version 2      # on your own: id,keyword,location,text,target

A version directory holds a SavedModel and, in assets.extra/, the features that go with it: features.yaml, vocab.json, stopwords.txt.
So a retrained vocabulary and its weights are never apart.

With `--preprocessing inside` the cleaning goes into the graph and the SavedModel takes strings (`value`, [-1]): no features file, and any
program that runs SavedModels scores text. The price: regular expressions and look-ups run in TensorFlow for every call, and a word form
that the training data did not have keeps its ending, because WordNet is not in the graph.
"""
import argparse
import csv
import json
import os
import shutil
from collections import Counter
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
import tensorflow as tf

import make_sample
import preprocess

HERE = Path(__file__).resolve().parent
# preprocess.clean in the syntax of TensorFlow's regular expressions (RE2)
CLEANING = [(preprocess.EMOJI.pattern, ""), (preprocess.URL.pattern, ""), (r"[^\pL\pN_]", " "), (r"\p{Nd}", "")]


def read(path):
    """Texts and targets of a CSV file, or of invented tweets."""
    if path is None:
        rows = list(make_sample.tweets(6000, seed=1))
        return [text for text, _ in rows], np.array([target for _, target in rows], np.float32)
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], np.array([row["target"] for row in rows], np.float32)


def fit_vocabulary(texts, size):
    """Word to id from 1, the most frequent first: what Keras 2's Tokenizer.fit_on_texts makes."""
    counts = Counter(word for text in texts for word in preprocess.words(text))
    ordered = sorted(counts, key=lambda word: -counts[word])  # stable: equal counts keep the order of appearance
    return {word: number for number, word in enumerate(ordered[:size], 1)}


def build(words, dimension):
    model = keras.Sequential([
        keras.Input((preprocess.LENGTH,), dtype="float32", name="embedding_2_input"),
        keras.layers.Embedding(words + 1, dimension),
        keras.layers.Conv1D(32, 8, activation="relu"),
        keras.layers.MaxPooling1D(2),
        keras.layers.Flatten(),
        keras.layers.Dense(10, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid", name="dense_5")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def export(model, folder):
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serving_default", lambda embedding_2_input: {"dense_5": model(embedding_2_input)},
                         [tf.TensorSpec((None, preprocess.LENGTH), tf.float32, name="embedding_2_input")])
    archive.write_out(str(folder), verbose=False)


def table(mapping, default, value_type):
    keys_and_values = tf.lookup.KeyValueTensorInitializer(list(mapping), list(mapping.values()), tf.string, value_type)
    return tf.lookup.StaticHashTable(keys_and_values, default)


def export_with_preprocessing(model, folder, vocabulary, stop_words, lemma_of):
    """`lemma_of`: the word forms of the training data; any other word is taken for its own lemma."""
    ids = table(vocabulary, 0, tf.int64)
    stops = table({word: 1 for word in stop_words}, 0, tf.int64)
    lemmas = table(lemma_of, "", tf.string)

    def score(value):
        for pattern, replacement in CLEANING:
            value = tf.strings.regex_replace(value, pattern, replacement)
        words = tf.strings.split(tf.strings.lower(value, encoding="utf-8"))
        known = lemmas.lookup(words)
        words = tf.where(known == "", words, known)
        kept = (stops.lookup(words) == 0) & (tf.strings.length(words, unit="UTF8_CHAR") > 3)
        words = tf.strings.reduce_join(tf.ragged.boolean_mask(words, kept), axis=-1, separator=" ")
        tokens = ids.lookup(tf.strings.split(tf.strings.regex_replace(words, "_", " ")))
        tokens = tf.ragged.boolean_mask(tokens, tokens > 0)[:, -preprocess.LENGTH:]
        return {"dense_5": model(tf.cast(tokens.to_tensor(shape=(None, preprocess.LENGTH)), tf.float32))}
    archive = keras.export.ExportArchive()
    archive.track(model)
    for resource in (ids, stops, lemmas):
        archive.track(resource)
    archive.add_endpoint("serving_default", score, [tf.TensorSpec((None,), tf.string, name="value")])
    archive.write_out(str(folder), verbose=False)


def write_features(folder, vocabulary, stop_words):
    extra = folder / "assets.extra"
    extra.mkdir()
    shutil.copy(HERE / "features.yaml", extra)
    (extra / "vocab.json").write_text(json.dumps({"word_index": vocabulary}, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    (extra / "stopwords.txt").write_text("".join(word + "\n" for word in stop_words), encoding="utf-8")


def write_scores(model, prepare, sample, path):
    """What Python says about the sample: native code has to agree."""
    texts = [json.loads(line)["value"] for line in sample.read_text(encoding="utf-8").splitlines()]
    scores = model.predict(np.array([prepare(t) for t in texts], np.float32), verbose=0)[:, 0]
    path.write_text("".join(json.dumps({"row": row, "score": float(str(score))}) + "\n" for row, score in enumerate(scores)))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--csv", type=Path, help="training data (default: invented tweets)")
    parser.add_argument("--stop-words", type=Path, default=HERE / "stopwords.txt", help="one word a line")
    parser.add_argument("--out", type=Path, default=HERE / "model", help="the model's directory; the version goes below it")
    parser.add_argument("--version", type=int, default=1)
    parser.add_argument("--preprocessing", choices=("features", "inside"), default="features")
    parser.add_argument("--words", type=int, default=20000, help="size of the vocabulary at most")
    parser.add_argument("--dimension", type=int, default=16, help="of the embedding")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--expected", type=Path, help="also write the scores of sample.jsonl to this file")
    return parser.parse_args()


def main():
    options = arguments()
    keras.utils.set_random_seed(7)
    texts, targets = read(options.csv)
    order = np.random.default_rng(7).permutation(len(texts))
    held_out, training = order[:len(order) // 5], order[len(order) // 5:]

    stop_words = options.stop_words.read_text(encoding="utf-8").split()
    prepare = preprocess.Preprocess({}, stop_words)
    prepared = [preprocess.lemmas(preprocess.clean(t), prepare.lemma, prepare.stop_words) for t in texts]
    prepare.vocabulary = fit_vocabulary([prepared[i] for i in training], options.words)
    rows = np.array([preprocess.pad(preprocess.ids(p, prepare.vocabulary)) for p in prepared], np.float32)

    model = build(len(prepare.vocabulary), options.dimension)
    model.fit(rows[training], targets[training], epochs=options.epochs, batch_size=32, verbose=2)
    _, accuracy = model.evaluate(rows[held_out], targets[held_out], verbose=0)
    print(f"{len(training)} tweets, {len(prepare.vocabulary)} words; accuracy on {len(held_out)} others: {accuracy:.3f}")

    folder = options.out / str(options.version)
    shutil.rmtree(folder, ignore_errors=True)
    if options.preprocessing == "inside":
        words = {word for text in texts for word in preprocess.clean(text).split()}
        lemma_of = {word: prepare.lemma(word) for word in sorted(words) if prepare.lemma(word) != word}
        export_with_preprocessing(model, folder, prepare.vocabulary, stop_words, lemma_of)
    else:
        export(model, folder)
        write_features(folder, prepare.vocabulary, stop_words)
    assets = folder / "assets"
    if assets.is_dir() and not any(assets.iterdir()):
        assets.rmdir()
    if options.expected:
        write_scores(model, prepare, HERE / "sample.jsonl", options.expected)
    print(f"wrote {os.path.relpath(folder)}")


if __name__ == "__main__":
    main()
