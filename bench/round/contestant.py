"""A contestant: what bench/README.md says it is. Installed once, started for every run, ended by SIGTERM."""

import itertools
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from paths import BENCH, Failed, dying_with_us, free_port, last_line, say
from proc import Tree

STOP_SECONDS = 40
_numbers = itertools.count(1)


class Contestant:
    def __init__(self, folder):
        self.folder = Path(folder)
        info = json.loads((self.folder / "contestant.json").read_text())
        self.name, self.title, self.language = info["name"], info["title"], info["language"]
        self.workloads, self.workers, self.versions = info["workloads"], info["workers"], info["versions"]
        self.answers = info.get("answers", True)  # False: it only carries bytes, so it needs no model and is not checked
        self.reason = None  # why it does not take part
        self.cannot = {}  # workload -> why not that one
        self.environment = {}  # of its own, for a variant

    def variant(self, label, environment):
        """The same one, started with other settings: how a contestant is tuned before it is compared."""
        other = Contestant(self.folder)
        other.name, other.title = f"{self.name}+{label}", f"{self.title}, {label}"
        other.environment = environment
        return other

    def can(self, workload, workers=1):
        own = workload.removesuffix("-x10")
        return self.reason is None and own in self.workloads and own not in self.cannot and workers in self.workers

    def install(self, logs):
        log = logs / f"install-{self.name}.log"
        say(f"{self.name}: install")
        with log.open("w") as out:
            done = subprocess.run([self.folder / "install"], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        if done.returncode != 0:
            self.reason = f"cannot be installed: {last_line(log)}"
            say(f"{self.name}: {self.reason}")


def all_contestants():
    return [Contestant(path.parent) for path in sorted((BENCH / "peers").glob("*/contestant.json"))]


class Run:
    """with Run(contestant, orders, logs) as run: … A process group, its tree of processes, and its log."""

    def __init__(self, contestant, broker, logs, *, workload, source, target, data, workers):
        number = next(_numbers)
        self.contestant = contestant
        self.metrics_port = free_port()
        self.log = logs / f"{number:03d}-{contestant.name}-{workload}.log"
        scratch = logs / f"{number:03d}-scratch"
        scratch.mkdir(parents=True)
        self.orders = {
            "BENCH_BROKERS": broker.address, "BENCH_INPUT": source, "BENCH_OUTPUT": target,
            "BENCH_GROUP": f"bench-{os.getpid()}-{number}", "BENCH_WORKLOAD": workload.removesuffix("-x10"),
            "BENCH_METRICS_PORT": str(self.metrics_port), "BENCH_DATA": str(data), "BENCH_WORKERS": str(workers), "BENCH_SCRATCH": str(scratch),
        }  # fmt: skip

    def __enter__(self):
        out = self.log.open("w")
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            dying_with_us([self.contestant.folder / "run"]), env={**os.environ, **self.contestant.environment, **self.orders}, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
        out.close()
        self.tree = Tree(self.process.pid)
        return self

    def must_live(self):
        if self.process.poll() is not None:
            raise Failed(f"ended with {self.process.returncode} while it was needed: {last_line(self.log)}")

    def stop(self):
        """SIGTERM; returns the exit code, or raises Failed when it had to be killed."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill()
            raise Failed(f"did not end within {STOP_SECONDS} s of SIGTERM") from None

    def _kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def __exit__(self, *_):
        self._kill()  # what is left of the group, a child that outlived its parent included
