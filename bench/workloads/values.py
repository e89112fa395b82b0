"""The messages of the workloads, a chunk of lines at a time.

Everything is made of whole numbers out of PCG64's raw stream: no logarithm, no sine, nothing whose last bit
differs between processors or versions of NumPy. So one seed makes the same bytes everywhere.
"""

import json
from pathlib import Path

import numpy as np

TWEETS = Path(__file__).resolve().parents[2] / "examples" / "tweets"
PIXELS = 784
CHUNK = 50_000  # lines of tabular or tweets made at once
IMAGE_CHUNK = 500
POOL = 1 << 20  # different numbers of the images
NUMBER_BYTES_MAX = 24

# Word -> how often, in 1/1000. What follows the known words is in no vocabulary: the unknown word's column.
COUNTRIES = {
    "DE": 400, "FR": 90, "NL": 70, "AT": 60, "CH": 50, "IT": 50, "ES": 50, "PL": 40, "CZ": 30, "DK": 20,
    "SE": 20, "BE": 20, "PT": 10, "GB": 40, "US": 30, "TR": 10,
}  # fmt: skip
CHANNELS = {"chip": 350, "contactless": 300, "atm": 90, "online": 250}
MCCS = {
    "5411": 200, "5812": 120, "5541": 90, "5311": 70, "5651": 70, "4111": 60, "7011": 50, "4722": 40,
    "5732": 40, "5944": 20, "7995": 20, "6051": 10, "5912": 50, "5942": 30, "5999": 20, "4814": 20,
    "4899": 20, "8011": 20, "7230": 20, "5200": 20,
}  # fmt: skip
UNKNOWN = {"country": ["JP", "ZA"], "channel": ["phone"], "merchant_category_code": ["0742", "9999"]}


class Bits:
    """Whole numbers out of the raw stream; NumPy promises that this one does not change."""

    def __init__(self, seed, stream):
        self.source = np.random.PCG64(np.random.SeedSequence([seed, stream]))

    def below(self, limit, count):
        """`count` whole numbers from 0 to limit - 1, for limits up to 2**31."""
        raw = self.source.random_raw(count) >> np.uint64(32)
        return ((raw * np.uint64(limit)) >> np.uint64(32)).astype(np.int64)

    def dice(self, throws, sides, count):
        """The sum of a few dice: a bell of whole numbers from 0 to throws * (sides - 1)."""
        return sum(self.below(sides, count) for _ in range(throws))

    def spread(self, throws, sides, count):
        """Sizes as money and times have them, many small and a few large: about log-normal, from 1."""
        power = np.int64(1) << self.dice(throws, sides, count)
        return power + ((power * self.below(1 << 16, count)) >> 16)

    def words(self, kind, known, count):
        """Words as often as `known` says, the rest of them unknown ones."""
        words = np.array(list(known) + UNKNOWN[kind])
        rest = 1000 - sum(known.values())
        unknown = len(UNKNOWN[kind])
        ends = np.cumsum(list(known.values()) + [rest // unknown] * unknown)
        return words[np.searchsorted(ends[:-1], self.below(1000, count), side="right")].tolist()


PAYMENT = (
    '{"id":"%08x-%04x-4%03x-%x%03x-%012x","amount":%d.%02d,"hour":%d,"country":"%s","channel":"%s",'
    '"merchant_category_code":"%s",'
    '"minutes_since_last":%d,"card_age_days":%d,"balance":%d.%02d}\n'
)


def uuids(bits, count):
    """The parts of random UUIDs (RFC 9562, version 4), a column each."""
    bounds = (1 << 31, 1 << 16, 1 << 12, 4, 1 << 12, 1 << 24, 1 << 24)
    low, mid, high, variant, clock, node, rest = (bits.below(bound, count) for bound in bounds)
    return [c.tolist() for c in (low, mid, high, 8 + variant, clock, (node << 24) + rest)]


def tabular(seed, count):
    """Chunks of card payments, as bytes."""
    bits = Bits(seed, 1)
    for first in range(0, count, CHUNK):
        n = min(CHUNK, count - first)
        amount, balance = 30 * bits.spread(4, 4, n), 90 * bits.spread(5, 4, n)  # cents
        amount, balance = amount + bits.below(100, n), balance + bits.below(100, n)
        columns = [
            *uuids(bits, n), (amount // 100).tolist(), (amount % 100).tolist(),
            (bits.dice(3, 9, n) % 24).tolist(), bits.words("country", COUNTRIES, n),
            bits.words("channel", CHANNELS, n), bits.words("merchant_category_code", MCCS, n),
            (bits.spread(3, 5, n) - 1).tolist(), bits.below(3650, n).tolist(),
            (balance // 100).tolist(), (balance % 100).tolist(),
        ]  # fmt: skip
        yield n, "".join([PAYMENT % row for row in zip(*columns)]).encode()


def numbers(bits):
    """A pool of float32 in [0, 1), and the shortest text of each that reads back as it, with a comma."""
    values = bits.below(1 << 24, POOL).astype(np.float32) / np.float32(1 << 24)
    texts = (np.format_float_positional(v, unique=True, trim="0") + "," for v in values)
    return values, np.array([t.encode() for t in texts], f"S{NUMBER_BYTES_MAX}")


def image(seed, count):
    """Chunks of images: lines of JSON, and the same numbers as little-endian float32."""
    bits = Bits(seed, 2)
    values, texts = numbers(bits)
    for first in range(0, count, IMAGE_CHUNK):
        n = min(IMAGE_CHUNK, count - first)
        chosen = bits.below(POOL, n * PIXELS).reshape(n, PIXELS)
        lines = [
            b'{"creationTimestamp":%d,"dataPointSz1":1,"dataPointSz2":%d,"dataPoint":"%b","prediction":null}\n'
            % (1_700_000_000_000 + first + row, PIXELS, texts[chosen[row]].tobytes().replace(b"\0", b""))
            for row in range(n)
        ]
        yield n, b"".join(lines), values[chosen].astype("<f4").tobytes()


def tweets(seed, count):
    """Chunks of the example's tweets, in seeded order."""
    bits = Bits(seed, 3)
    texts = (TWEETS / "sample.jsonl").read_text(encoding="utf-8").splitlines()
    lines = [compact(text) for text in texts]
    for first in range(0, count, CHUNK):
        n = min(CHUNK, count - first)
        yield n, b"".join([lines[i] for i in bits.below(len(lines), n)])


def compact(line):
    return (json.dumps(json.loads(line), ensure_ascii=False, separators=(",", ":")) + "\n").encode()
