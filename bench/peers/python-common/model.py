"""The model of a workload in TensorFlow, and where its files are."""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf

ROOT = Path(__file__).resolve().parents[3]
TWEETS = ROOT / "examples" / "tweets"
WORKLOAD = os.environ.get("BENCH_WORKLOAD", "")
MODELS = Path(os.environ.get("BENCH_DATA", "")) / "models"
TENSORS = {"tabular": ("x", "score"), "image": ("image", "scores"), "tweets": ("embedding_2_input", "dense_5")}


def load():
    """A function from a float32 matrix to a NumPy array of outputs: one call of TensorFlow."""
    # One worker is one thread: more of them only cost CPU on models as small as these.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    kind = WORKLOAD.split("-")[0]
    feed, fetch = TENSORS[kind]
    folder = TWEETS / "model" / "1" if kind == "tweets" else MODELS / kind / "1"
    loaded = tf.saved_model.load(str(folder))
    function = loaded.signatures["serving_default"]

    def score(x, _keep=loaded):
        return function(**{feed: tf.constant(x)})[fetch].numpy()

    return score


def tweets_preprocess():
    """The example's own preprocessing: text to a list of 121 ids."""
    import json

    sys.path.insert(0, str(TWEETS))
    import preprocess

    extra = TWEETS / "model" / "1" / "assets.extra"
    vocabulary = json.loads((extra / "vocab.json").read_text(encoding="utf-8"))["word_index"]
    return preprocess.Preprocess(vocabulary, (extra / "stopwords.txt").read_text(encoding="utf-8").split())
