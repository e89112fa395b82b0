#!/usr/bin/env python3
"""What swaps of versions cost the records of a running `thalweg run`, broker included.

    script/kafka run -- bench/versions/live.py [--rate 500] [--seconds 10] [--rounds 4] [--pause-ms 0]

The tweets example, with a second version whose vocabulary is in the opposite order. Phases take turns: steady, swapping, steady, …; while
swapping, the versions are asked for in turns over HTTP, each as soon as the one before serves. Latencies are `bench_load open-loop`'s, from the
scheduled moment to a reader of the output topic. Prints one line of JSON; the ratio is of the medians over the rounds.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench"
TWEETS = ROOT / "examples" / "tweets"
IN, OUT, DEAD = "incoming_tweet", "tweet_disaster_inference", "tweet_disaster.dead"


def two_versions(folder):
    for version in ("1", "2"):
        shutil.copytree(TWEETS / "model" / "1", folder / version)
    path = folder / "2" / "assets.extra" / "vocab.json"
    text = path.read_text()
    number = re.compile(r": (\d+)")
    most = max(int(n) for n in number.findall(text))
    path.write_text(number.sub(lambda n: f": {most + 1 - int(n[1])}", text))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Stream:
    """`thalweg run`, and its HTTP calls."""

    def __init__(self, brokers, folder, workers):
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        settings = [
            f"kafka.bootstrap.servers={brokers}", f"models.disaster.path={folder}", "models.disaster.version=1",
            "models.disaster.keep_previous=0s", f"http.port={port}", f"workers={workers}",
        ]  # fmt: skip
        command = [BUILD / "thalweg", "run", TWEETS / "tweets.yaml", *[w for s in settings for w in ("--set", s)]]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def wait(self, true, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                sys.exit(f"error: thalweg run ended with {self.process.returncode}")
            try:
                if true():
                    return
            except (urllib.error.URLError, ConnectionError):
                pass
            time.sleep(0.01)
        sys.exit("error: waited in vain")

    def serves(self, epoch):
        status = json.loads(self.ask("GET", "/v2/models/disaster/status"))
        return [p["report"]["active"] for p in status["processes"] if p["alive"]] == [epoch]

    def __enter__(self):
        self.wait(lambda: self.ask("GET", "/readyz"))
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def memory_mb(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return None


class Swaps(threading.Thread):
    def __init__(self, stream, pause, first):
        super().__init__(daemon=True)
        self.stream, self.pause, self.done, self.stopped, self.next = stream, pause, [], False, first

    def run(self):
        while not self.stopped:
            wish = {"parameters": {"version": str(self.next), "by": "bench"}}
            epoch = json.loads(self.stream.ask("POST", "/v2/repository/models/disaster/load", wish))["epoch"]
            self.stream.wait(lambda: self.stream.serves(epoch))
            self.done.append(memory_mb(self.stream.process.pid))
            self.next = 3 - self.next
            time.sleep(self.pause)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pause-ms", type=float, default=0)
    o = parser.parse_args()
    brokers = os.environ["THALWEG_TEST_KAFKA"]
    load = [BUILD / "bench_load"]
    subprocess.run([*load, "create", IN, OUT, DEAD, "--brokers", brokers, "--partitions", "2"], check=True)

    def measure():
        command = [*load, "open-loop", IN, OUT, "--brokers", brokers, "--file", TWEETS / "sample.jsonl", "--rate", o.rate,
                   "--seconds", o.seconds, "--warm-up", 1]  # fmt: skip
        out = subprocess.run([str(w) for w in command], check=True, capture_output=True, text=True).stdout
        return json.loads(out.splitlines()[-1])

    with tempfile.TemporaryDirectory() as folder:
        two_versions(Path(folder))
        with Stream(brokers, folder, o.workers) as stream:
            measure()
            steady, swapping, memory, swaps = [], [], [], Swaps(stream, o.pause_ms / 1000, 2)
            for _ in range(o.rounds):
                steady.append(measure())
                swaps = Swaps(stream, o.pause_ms / 1000, swaps.next)
                swaps.start()
                swapping.append(measure())
                swaps.stopped = True
                swaps.join()
                memory += swaps.done
    p50, p99 = ([[r["latency_ms"][p] for r in runs] for runs in (steady, swapping)] for p in ("p50", "p99"))
    ratio = statistics.median(p99[1]) / statistics.median(p99[0])
    print(json.dumps({
        "rate": o.rate, "swaps": len(memory), "p50_ms": p50, "p99_ms": p99, "p99_ratio_of_medians": round(ratio, 3),
        "lost": sum(r["lost"] for r in steady + swapping), "repeated": sum(r["twice"] for r in steady + swapping),
        "rss_mb_after": {"tenth": memory[9], "last": memory[-1]} if len(memory) > 9 else None,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
