"""What a round measures: short (about twelve minutes, once all is installed) or full. Contestants take turns within each pair: A B C, C B A, …"""

from data import widen
from drain import Limits, drain
from latency import open_loop
from paths import Failed, say

RECORDS = {  # of a drain: short, full
    "tabular": (3_000_000, 5_000_000),
    "image": (300_000, 1_600_000),  # in a full round a million or more lie between the marks
    "image-echo": (150_000, 1_600_000),
    "image-raw": (500_000, 1_600_000),
    "tweets": (300_000, 1_600_000),
    "tabular-x10": (300_000, 1_000_000),
}
PAIRS = (2, 5)
COMMON_RATES = (1000, 5000)
PARTS = (0.25, 0.5, 0.75)  # of a contestant's own maximum
AT_MAXIMUM = "more than it can"
LIVE_RATE_MAX = 400_000  # what the sender itself can do
BACKLOG_BYTES = 4 << 30
IMAGE_BYTES = 8_400


def label_of(facts):
    """"faust tabular drain, pair 1, partitions 2, workers 1"."""
    words = " ".join(str(facts[k]) for k in ("contestant", "workload", "what", "at") if k in facts)
    return ", ".join([words, *(f"{k} {facts[k]}" for k in ("pair", "partitions", "workers") if k in facts)])


def in_turn(contestants, pair):
    """A B C, C B A, …: a machine that gets slower in the course of a turn does not always meet the same one last."""
    return list(contestants)[:: -1 if pair % 2 else 1]


class Plan:
    def __init__(self, options, contestants, broker, topics, results, progress):
        self.o, self.contestants, self.broker, self.topics, self.results, self.progress = (
            options, contestants, broker, topics, results, progress)  # fmt: skip
        self.pairs = options.pairs or PAIRS[options.full]

    def records(self, workload):
        return self.o.records or RECORDS[workload][self.o.full]

    def those(self, workload, workers=1):
        return [c for c in self.contestants if c.can(workload, workers)]

    def run(self, checks):
        """`checks`: None where answers are not to be compared."""
        self._expect(checks)
        self.wake_the_broker()
        if checks:
            for c, workload in self._to_check():
                checks.check(c, workload)
            self._expect(None)  # who answers wrongly has no runs
        if "drain" in self.o.phase:
            for workload in self.o.workload:
                self.drains(workload=workload, pairs=self.pairs)
        if "latency" in self.o.phase:
            for workload in self._latency_workloads():
                self.latencies(workload)
        if "growth" in self.o.phase:
            self.growth()

    def _latency_workloads(self):
        return self.o.workload if self.o.full else self.o.workload[:1]

    def _to_check(self):
        workloads = list(dict.fromkeys([*self.o.workload, *(["tabular"] if "growth" in self.o.phase else [])]))
        return [(c, w) for w in workloads for c in self.those(w) if c.answers]

    def _expect(self, checks):
        """How many steps there will be, as far as is known now."""
        pairs = self._to_check() if checks else []
        self.progress.expect("check", sum(self.results.find("checks", {"contestant": c.name, "workload": w}) is None for c, w in pairs))
        if "drain" in self.o.phase:
            for workload in self.o.workload:
                self._drain_turns(workload=workload, pairs=self.pairs)
        if "latency" in self.o.phase:
            for workload in self._latency_workloads():
                rates = len(COMMON_RATES) + len(PARTS) if self._asks_for_maximum() else len(COMMON_RATES)
                self.progress.expect(f"latency {workload}", self._latency_pairs() * rates * len(self.those(workload)))
        if "growth" in self.o.phase:
            for what in self._growth():
                self._drain_turns(**what)

    def _turns_left(self, kind, turns):
        """Turns that were not measured before the round was broken off. One that was under way is measured anew, whole, since it is
        contestants of one turn that are compared. A turn: [(facts, measure)]."""
        return [turn for turn in turns if not all(self.results.find(kind, facts) for facts, _ in turn)]

    def _take_turns(self, kind, group, turns):
        for turn in turns:
            self.results.forget(kind, [facts for facts, _ in turn])
            for facts, measure in turn:
                label = label_of(facts)
                with self.progress.step(group, label):
                    self._note(kind, label, facts, measure)

    def _note(self, kind, label, facts, measure):
        """One run, or the reason why there is none, into the results."""
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

    def _drain_turns(self, *, workload, pairs, what="drain", partitions=2, workers=1, records=None):
        """(group, turns that are left); the estimate is told."""
        limits = Limits(records=records or self.records(workload), seconds=self.o.seconds)

        def run(c):
            return lambda: drain(
                c, self.broker, self.topics, self.results.logs, workload=workload, limits=limits,
                partitions=partitions, workers=workers)  # fmt: skip

        turns = self._turns_left("drains", [[
            ({"what": what, "workload": workload, "contestant": c.name, "pair": pair, "partitions": partitions, "workers": workers}, run(c))
            for c in in_turn(self.those(workload, workers), pair)] for pair in range(pairs)])  # fmt: skip
        group = f"drain {what} {workload} {partitions} {workers}"
        self.progress.expect(group, sum(map(len, turns)))
        return group, turns

    def drains(self, **what):
        group, turns = self._drain_turns(**what)
        self._take_turns("drains", group, turns)

    def _asks_for_maximum(self):
        return self.o.full or self.o.phase_given

    def _latency_pairs(self):
        return self.o.pairs or (3 if self.o.full else 1)

    def _live_maximum(self, contestant, workload):
        """What it does while the load is being made on the same machine; a drain's rate leaves no room for that.

        Asked for more than it can, for a few seconds; what came out a second is its maximum.
        """
        most = self.results.median("drains", "rate", what="drain", contestant=contestant.name, workload=workload)
        if most is None:
            return None
        facts = {"workload": workload, "contestant": contestant.name, "at": AT_MAXIMUM, "pair": 0}
        run = facts, lambda: open_loop(
            contestant, self.broker, self.topics, self.results.logs, workload=workload,
            rate=min(round(most), LIVE_RATE_MAX), seconds=5, warm_up=5 if contestant.language == "Java" else 2,
            patience=60)  # fmt: skip
        self._take_turns("latencies", "latency-maximum", self._turns_left("latencies", [[run]]))
        return self.results.median(
            "latencies", "received_per_second", contestant=contestant.name, workload=workload, at=AT_MAXIMUM
        )

    def _rates(self, contestant, workload):
        """(label, rate): common ones that it can bear, then parts of its own maximum."""
        most = self._live_maximum(contestant, workload) if self._asks_for_maximum() else None
        for rate in COMMON_RATES:
            if most is None or rate < 0.9 * most:
                yield f"{rate:,}/s", rate
        for part in PARTS if most else ():
            yield f"{part:.0%} of own maximum", round(most * part)

    def latencies(self, workload):
        seconds, warm_up = (20, 60) if self.o.full else (6, 3)
        warm_up = self.o.warm_up or warm_up
        schedule = {c: list(self._rates(c, workload)) for c in self.those(workload)}

        def run(c, rate):
            return lambda: open_loop(
                c, self.broker, self.topics, self.results.logs, workload=workload, rate=rate, seconds=seconds, warm_up=warm_up
            )

        turns = self._turns_left("latencies", [[
            ({"workload": workload, "contestant": c.name, "at": rates[place][0], "pair": pair}, run(c, rates[place][1]))
            for place in range(max(map(len, schedule.values()), default=0)) for c, rates in in_turn(schedule.items(), pair) if place < len(rates)]
            for pair in range(self._latency_pairs())])  # fmt: skip
        self.progress.expect(f"latency {workload}", sum(map(len, turns)))
        self._take_turns("latencies", f"latency {workload}", turns)

    def _growth(self):
        """Partitions, workers, payload; in a full round also a backlog that is larger than memory should ever be."""
        pairs = 3 if self.o.full else 1
        for partitions in (1, 2, 4, 8, 16, 32) if self.o.full else (1, 32):
            yield {"workload": "tabular", "what": "partitions", "partitions": partitions, "pairs": pairs}
        for workload in ["tabular", *(w for w in self.o.workload if w == "tweets")]:  # for tweets the broker has little to do: a core is nearly free
            for workers in (1, 2):
                yield {"workload": workload, "what": "workers", "workers": workers, "pairs": pairs}
        yield {"workload": "tabular-x10", "what": "payload", "pairs": pairs}
        if self.o.full:
            yield {"workload": "image", "what": "backlog", "records": BACKLOG_BYTES // IMAGE_BYTES, "pairs": 1}

    def growth(self):
        widen(self.topics.folder)
        for what in self._growth():
            self.drains(**what)
            if "records" in what:
                self.topics.drop(self.topics.name(what["workload"], what["records"], 2))
