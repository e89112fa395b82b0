"""A drain: a contestant works through a topic that is full already.

Throughput and CPU are taken between two marks: when the warm-up is over (a part of the records, or a time, whichever is first), and
when nearly all is done or the time is up. A slow contestant is thus measured over fewer records, for as long as it needs to be.
"""

import json
import queue
import threading
import time
from dataclasses import dataclass

import stages
from contestant import Run
from paths import Failed, last_line

FIRST_OUTPUT_SECONDS = 120  # of a contestant that never answers
STALL_SECONDS = 60


@dataclass
class Limits:
    records: int
    warm_part: float = 0.3
    warm_seconds: float = 8.0
    end_part: float = 0.98
    seconds: float = 20.0  # between the marks at most


def _lines(process):
    """The watcher's lines with a time-out: (None) when nothing came for a second."""
    lines = queue.Queue()

    def read():
        for line in process.stdout:
            lines.put(line)
        lines.put("")

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=1)
        except queue.Empty:
            yield None
            continue
        if not line:
            return
        yield json.loads(line)


def _grown(before, after):
    return sorted(((name, s - before.get(name, 0)) for name, s in after.items()), key=lambda found: -found[1])


class Drain:
    def __init__(self, run, limits):
        self.run, self.limits = run, limits
        self.first = self.warm = self.end = self.last = None
        self.series = []  # (seconds since its start, records out, bytes resident)
        self.next_look = 0.0

    def feed(self, look):
        """One look at the output topic. True: enough."""
        count, now = look["count"], look["t"]
        if count == 0:
            return False
        if self.first is None:
            self.first = look
            self.run.tree.look_again()
        grown = self.last is None or count > self.last["count"]
        if grown:
            self.last = look
        limits = self.limits
        if self.warm is None:
            late = now - self.first["t"] >= limits.warm_seconds
            if count >= limits.warm_part * limits.records or late:
                self.warm = (look, self.run.tree.sample())
        elif self.end is None:
            up = now - self.warm[0]["t"] >= limits.seconds
            if count >= limits.end_part * limits.records or up:
                self.end = (look, self.run.tree.sample())
                if up:
                    return True
        if now >= self.next_look:
            self.next_look = now + 0.25
            self.series.append((round(now - self.run.began, 3), count, self.run.tree.sample().rss))
        return count >= limits.records

    def check(self, now):
        self.run.must_live()
        if self.first is None and now - self.run.began > FIRST_OUTPUT_SECONDS:
            raise Failed(f"no output within {FIRST_OUTPUT_SECONDS} s: {last_line(self.run.log)}")
        if self.last is not None and now - self.last["t"] > STALL_SECONDS:
            raise Failed(f"stood still for {STALL_SECONDS} s at {self.last['count']:,} outputs")

    def result(self, whole):
        if self.end is None:
            raise Failed("was done before both marks were seen; give it more records")
        (look0, sample0), (look1, sample1) = self.warm, self.end
        events, seconds = look1["count"] - look0["count"], look1["t"] - look0["t"]
        if events <= 0 or seconds <= 0:
            raise Failed("was done before both marks were seen; give it more records")
        cpu, compilers = sample1.cpu - sample0.cpu, sample1.compilers - sample0.compilers
        outputs = self.last["count"]
        return {
            "rate": events / seconds,
            "cpu_us": cpu / events * 1e6,
            "cpu_us_without_compilers": (cpu - compilers) / events * 1e6,
            "cores": cpu / seconds,
            "threads_us": {name: s / events * 1e6 for name, s in _grown(sample0.by_name, sample1.by_name) if s > 0.01 * cpu},
            "whole_cpu_us": max(whole.process_cpu, whole.cpu) / outputs * 1e6,
            "whole_cpu_us_without_compilers": (max(whole.process_cpu, whole.cpu) - whole.compilers) / outputs * 1e6,
            "events_between_marks": events,
            "seconds_between_marks": seconds,
            "first_output_s": self.first["t"] - self.run.began,
            "outputs": outputs,
            "rss_mb": sample1.rss / 1e6,
            "peak_mb": whole.peak / 1e6,
            "memory": self.series,
        }


def drain(contestant, broker, topics, logs, *, workload, limits, partitions=2, workers=1):
    """One run; the numbers of Drain.result. Errors: Failed."""
    source = topics.input(workload, limits.records, partitions)
    target = f"out-{time.monotonic_ns()}"
    broker.load("create", target, "--partitions", partitions)
    orders = {"workload": workload, "source": source, "target": target, "data": topics.folder, "workers": workers}
    with (logs / "watch.log").open("a") as log:
        watch = broker.start_load("watch", target, "--until", limits.records, "--every-ms", 25, log=log)
        try:
            with Run(contestant, broker, logs, **orders) as run:
                state = Drain(run, limits)
                for look in _lines(watch):
                    if look is not None and state.feed(look):
                        break
                    state.check(time.monotonic())
                else:
                    raise Failed(f"the watcher of its output ended: {last_line(logs / 'watch.log')}")
                run.must_live()
                result = state.result(run.tree.sample()) | stages.ask(run.metrics_port)
                result["exit_code"] = run.stop()
            result["outputs_in_the_end"] = json.loads(broker.load("watch", target, "--until", 0))["count"]
        finally:
            watch.kill()
            watch.wait()
            broker.load("delete", target)
    complete = result["outputs"] >= limits.records
    if complete and result["outputs_in_the_end"] < limits.records:
        raise Failed(f"wrote {result['outputs_in_the_end']:,} outputs for {limits.records:,} records")
    result["complete"], result["twice"] = complete, max(0, result["outputs_in_the_end"] - limits.records)
    return result
