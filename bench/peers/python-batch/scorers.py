"""A batch of values to a batch of answers, for each workload: work by columns wherever Python has columns."""

import json

import numpy as np
import orjson
import simdjson

import model


def rows_of_json(matrix):
    """Each row of a float32 matrix as JSON, with the fewest digits that say it: one call for all of them."""
    return orjson.dumps(np.ascontiguousarray(matrix), option=orjson.OPT_SERIALIZE_NUMPY)[2:-2].split(b"],[")


class Tabular:
    def __init__(self):
        self.score = model.load()
        self.features = json.loads((model.MODELS / "tabular" / "features.json").read_text())
        self.places, first = [], len(self.features["numbers"])
        for category in self.features["categories"]:
            place = {word: first + n for n, word in enumerate(category["words"], 1)}
            self.places.append((category["field"], place, first))
            first += 1 + len(category["words"])

    def __call__(self, values):
        rows = orjson.loads(b"[" + b",".join(values) + b"]")
        scores = self.score(self.matrix(rows))[:, 0].tolist()
        return [orjson.dumps({"id": row["id"], "score": score}) for row, score in zip(rows, scores)]

    def matrix(self, rows):
        x = np.zeros((len(rows), self.features["columns"]), np.float32)
        for column, number in enumerate(self.features["numbers"]):
            field = number["field"]
            values = np.array([row[field] for row in rows], np.float32)
            if number["log1p"]:
                np.log1p(values, out=values)
            x[:, column] = (values - np.float32(number["mean"])) / np.float32(number["scale"])
        every = np.arange(len(rows))
        for field, place, unknown in self.places:
            x[every, [place.get(row[field], unknown) for row in rows]] = 1.0
        return x


class Image:
    """simdjson reads the numbers straight into a buffer: of all ways from Python, the fastest that is exact."""

    def __init__(self, echo=False):
        self.score, self.parser, self.echo = model.load(), simdjson.Parser(), echo

    def __call__(self, values):
        x = np.empty((len(values), 784), np.float32)
        for row, value in enumerate(values):
            text = orjson.loads(value)["dataPoint"]
            numbers = self.parser.parse(b"[%b]" % text[:-1].encode())
            x[row] = np.frombuffer(numbers.as_buffer(of_type="d"), np.float64)
            del numbers  # the parser is used again only when nothing points into it
        scores = rows_of_json(self.score(x))
        if self.echo:
            return [b'{"input":%b,"prediction":[%b]}' % both for both in zip(values, scores)]
        return [b'{"prediction":[%b]}' % row for row in scores]


class ImageRaw:
    def __init__(self):
        self.score = model.load()

    def __call__(self, values):
        x = np.frombuffer(b"".join(values), "<f4").reshape(-1, 784)
        return [b'{"prediction":[%b]}' % row for row in rows_of_json(self.score(x))]


class Tweets:
    def __init__(self):
        self.score, self.preprocess = model.load(), model.tweets_preprocess()

    def __call__(self, values):
        texts = [row["value"] for row in orjson.loads(b"[" + b",".join(values) + b"]")]
        x = np.array([self.preprocess(text) for text in texts], np.float32)
        scores = self.score(x)[:, 0].tolist()
        return [orjson.dumps({"text": text, "score": score}) for text, score in zip(texts, scores)]


def make(workload):
    made = {"tabular": Tabular, "image": Image, "image-raw": ImageRaw, "tweets": Tweets}
    return Image(echo=True) if workload == "image-echo" else made[workload]()
