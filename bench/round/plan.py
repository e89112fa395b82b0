"""What a round measures: short (about a quarter of an hour, once all is installed) or full. Contestants take turns within each pair: A B C, A B C, …"""

from data import widen
from drain import Limits, drain
from latency import open_loop
from paths import Failed, say

RECORDS = {  # of a drain: short, full
    "tabular": (3_000_000, 5_000_000),
    "image": (300_000, 400_000),
    "image-echo": (150_000, 300_000),
    "image-raw": (500_000, 1_000_000),
    "tweets": (300_000, 600_000),
    "tabular-x10": (300_000, 1_000_000),
}
PAIRS = (2, 5)
COMMON_RATES = (1000, 5000)
PARTS = (0.25, 0.5, 0.75)  # of a contestant's own maximum
AT_MAXIMUM = "more than it can"
LIVE_RATE_MAX = 400_000  # what the sender itself can do
BACKLOG_BYTES = 4 << 30
IMAGE_BYTES = 8_400


class Plan:
    def __init__(self, options, contestants, broker, topics, results):
        self.o, self.contestants, self.broker, self.topics, self.results = options, contestants, broker, topics, results
        self.pairs = options.pairs or PAIRS[options.full]

    def records(self, workload):
        return self.o.records or RECORDS[workload][self.o.full]

    def those(self, workload, workers=1):
        return [c for c in self.contestants if c.can(workload, workers)]

    def _note(self, kind, facts, measure):
        """One run, or the reason why there is none, into the results."""
        label = " ".join(str(v) for v in facts.values())
        try:
            found = measure()
            self.results.add(kind, **facts, **found)
            rate = f"{found['rate']:,.0f}/s" if kind == "drains" else f"p50 {found['latency_ms']['p50']:.2f} ms"
            say(f"{label}: {rate}, {found['cpu_us']:.2f} CPU-µs an event")
        except Failed as reason:
            self.results.add(kind, **facts, reason=str(reason))
            say(f"{label}: {reason}")

    def wake_the_broker(self):
        """Its first group makes it create the topic of offsets, which takes seconds: not the first contestant's fault."""
        for c in self.contestants:
            if c.name == "echo" and c.reason is None:
                limits = Limits(records=20_000, warm_part=0.1)
                try:
                    drain(c, self.broker, self.topics, self.results.logs, workload="tabular", limits=limits)
                except Failed as reason:
                    say(f"echo, to wake the broker: {reason}")

    def drains(self, workload, *, what="drain", partitions=2, workers=1, records=None, pairs=None):
        limits = Limits(records=records or self.records(workload), seconds=self.o.seconds)
        for pair in range(pairs or self.pairs):
            for c in self.those(workload, workers):
                facts = {
                    "what": what, "workload": workload, "contestant": c.name, "pair": pair,
                    "partitions": partitions, "workers": workers,
                }  # fmt: skip
                self._note("drains", facts, lambda: drain(
                    c, self.broker, self.topics, self.results.logs, workload=workload, limits=limits,
                    partitions=partitions, workers=workers))  # fmt: skip

    def _live_maximum(self, contestant, workload):
        """What it does while the load is being made on the same machine; a drain's rate leaves no room for that.

        Asked for more than it can, for a few seconds; what came out a second is its maximum.
        """
        most = self.results.median("drains", "rate", what="drain", contestant=contestant.name, workload=workload)
        if most is None:
            return None
        facts = {"workload": workload, "contestant": contestant.name, "at": AT_MAXIMUM, "pair": 0}
        self._note("latencies", facts, lambda: open_loop(
            contestant, self.broker, self.topics, self.results.logs, workload=workload,
            rate=min(round(most), LIVE_RATE_MAX), seconds=5, warm_up=5 if contestant.language == "Java" else 2,
            patience=60))  # fmt: skip
        return self.results.median(
            "latencies", "received_per_second", contestant=contestant.name, workload=workload, at=AT_MAXIMUM
        )

    def _rates(self, contestant, workload):
        """(label, rate): common ones that it can bear, then parts of its own maximum."""
        most = self._live_maximum(contestant, workload) if self.o.full or self.o.phase_given else None
        for rate in COMMON_RATES:
            if most is None or rate < 0.9 * most:
                yield f"{rate:,}/s", rate
        for part in PARTS if most else ():
            yield f"{part:.0%} of own maximum", round(most * part)

    def latencies(self, workload):
        seconds, warm_up, pairs = (20, 10, 3) if self.o.full else (6, 3, 1)
        pairs = self.o.pairs or pairs
        schedule = {c: list(self._rates(c, workload)) for c in self.those(workload)}
        for pair in range(pairs):
            for place in range(max(map(len, schedule.values()), default=0)):
                for c, rates in schedule.items():
                    if place < len(rates):
                        label, rate = rates[place]
                        facts = {"workload": workload, "contestant": c.name, "at": label, "pair": pair}
                        self._note("latencies", facts, lambda: open_loop(
                            c, self.broker, self.topics, self.results.logs, workload=workload, rate=rate,
                            seconds=seconds, warm_up=warm_up))  # fmt: skip

    def growth(self):
        """Partitions, workers, payload; in a full round also a backlog that is larger than memory should ever be."""
        pairs = 3 if self.o.full else 1
        for partitions in (1, 2, 4, 8, 16, 32) if self.o.full else (1, 32):
            self.drains("tabular", what="partitions", partitions=partitions, pairs=pairs)
        for workers in (1, 2):
            self.drains("tabular", what="workers", workers=workers, pairs=pairs)
        widen(self.topics.folder)
        self.drains("tabular-x10", what="payload", pairs=pairs)
        if self.o.full:
            records = BACKLOG_BYTES // IMAGE_BYTES
            self.drains("image", what="backlog", records=records, pairs=1)
            self.topics.drop(self.topics.input("image", records, 2))
