"""The records of each workload as Faust's models, and how one of them is scored: one event, one prediction."""

import json

import faust
import numpy as np
import orjson

import model


class Payment(faust.Record, include_metadata=False, serializer="json"):
    id: str
    amount: float
    hour: int
    country: str
    channel: str
    merchant_category_code: str
    minutes_since_last: float
    card_age_days: float
    balance: float


class PaymentScore(faust.Record, include_metadata=False, serializer="json"):
    id: str
    score: float


class Image(faust.Record, include_metadata=False, serializer="json"):
    dataPoint: str  # noqa: N815 - its name in the messages


class Prediction(faust.Record, include_metadata=False, serializer="json"):
    prediction: list[float]


class Tweet(faust.Record, include_metadata=False, serializer="json"):
    value: str


class TweetScore(faust.Record, include_metadata=False, serializer="json"):
    text: str
    score: float


class ScorePayment:
    takes = Payment

    def __init__(self):
        self.score = model.load()
        features = json.loads((model.MODELS / "tabular" / "features.json").read_text())
        self.numbers, self.columns, self.places = features["numbers"], features["columns"], []
        first = len(self.numbers)
        for category in features["categories"]:
            place = {word: first + n for n, word in enumerate(category["words"], 1)}
            self.places.append((category["field"], place, first))
            first += 1 + len(category["words"])

    def __call__(self, payment):
        x = np.zeros((1, self.columns), np.float32)
        for column, number in enumerate(self.numbers):
            value = getattr(payment, number["field"])
            x[0, column] = ((np.log1p(value) if number["log1p"] else value) - number["mean"]) / number["scale"]
        for field, place, unknown in self.places:
            x[0, place.get(getattr(payment, field), unknown)] = 1.0
        return PaymentScore(id=payment.id, score=float(self.score(x)[0, 0]))


class ScoreImage:
    takes = Image

    def __init__(self):
        self.score = model.load()

    def predict(self, text):
        return self.score(np.fromstring(text, np.float32, sep=",")[np.newaxis])[0].tolist()

    def __call__(self, image):
        return Prediction(prediction=self.predict(image.dataPoint))


class EchoImage(ScoreImage):
    takes = bytes  # they go out as they came in

    def __call__(self, value):
        scores = self.predict(orjson.loads(value)["dataPoint"])
        return b'{"input":%b,"prediction":%b}' % (value, orjson.dumps(scores))


class ScoreRawImage:
    takes = bytes

    def __init__(self):
        self.score = model.load()

    def __call__(self, value):
        return Prediction(prediction=self.score(np.frombuffer(value, "<f4")[np.newaxis])[0].tolist())


class ScoreTweet:
    takes = Tweet

    def __init__(self):
        self.score, self.preprocess = model.load(), model.tweets_preprocess()

    def __call__(self, tweet):
        x = np.array([self.preprocess(tweet.value)], np.float32)
        return TweetScore(text=tweet.value, score=float(self.score(x)[0, 0]))


SCORERS = {
    "tabular": ScorePayment, "image": ScoreImage, "image-echo": EchoImage, "image-raw": ScoreRawImage,
    "tweets": ScoreTweet,
}  # fmt: skip
