"""Runs contestants against the broker at THALWEG_TEST_KAFKA and judges their answers; called by bench/peers/verify.

For each contestant and workload: 2,000 records go in, the contestant is started as in a round, its output is read to
the end. Every key must come out once, every answer lie within 1e-5 of NumPy's, and after SIGTERM the group must have
committed everything and the process have ended by itself. With several workers a key may come again, and is counted:
when the second member joins, at least once allows that.
"""

import argparse
import itertools
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import confluent_kafka as kafka
import numpy as np
from confluent_kafka.admin import AdminClient, NewTopic

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "bench" / "peers"
sys.path.insert(0, str(ROOT / "bench" / "workloads"))
import generate
import models

WORKLOADS = ["tabular", "image", "image-echo", "image-raw", "tweets"]
TOLERANCE = 1e-5
SECONDS_MAX = 120
STOP_SECONDS_MAX = 30
RAW_BYTES = 4 * 784


class Wrong(Exception):
    """What a contestant did that it must not."""


# --- what goes in, and what must come out ---------------------------------------------------------------------------


def lines(data, name, count):
    with (data / name).open("rb") as file:
        found = [line.rstrip(b"\n") for line in itertools.islice(file, count)]
    return [found[n % len(found)] for n in range(count)]


def raw_numbers(data, count):
    numbers = np.fromfile(data / "image-raw.bin", "<f4", count * 784).reshape(-1, 784)
    return numbers[np.arange(count) % len(numbers)]


def values_of(data, workload, count):
    if workload == "image-raw":
        return [row.tobytes() for row in raw_numbers(data, count)]
    return lines(data, f"{workload.removesuffix('-echo')}.jsonl", count)


def truth_of(data, workload, values):
    """The scores of each record: NumPy's, and for tweets those that Keras wrote beside the example."""
    if workload == "tweets":
        folder = ROOT / "examples" / "tweets"
        texts = [json.loads(line)["value"] for line in (folder / "sample.jsonl").open(encoding="utf-8")]
        scores = [json.loads(line)["score"] for line in (folder / "expected_scores.jsonl").open()]
        known = dict(zip(texts, scores))
        return np.array([[known[json.loads(value)["value"]]] for value in values])
    kind = workload.split("-")[0]
    if kind == "tabular":
        x = models.tabular_features([json.loads(value) for value in values])
    else:
        x = raw_numbers(data, len(values))
    return models.forward(kind, models.weights(kind, generate.SEED), x)


def scores_in(workload, value, answer):
    """The scores in an answer, after a look at all else that it holds."""
    if workload == "image-echo":
        head = b'{"input":' + value + b","
        if not answer.startswith(head):
            raise Wrong(f"expected the value as it came behind 'input'; got {answer[:120]!r}...")
        answer = b"{" + answer[len(head) :]
    try:
        found = json.loads(answer)
    except ValueError:
        raise Wrong(f"expected JSON; got {answer[:200]!r}") from None
    if workload == "tabular":
        expected = {"id": json.loads(value)["id"], "score": found.get("score")}
    elif workload == "tweets":
        expected = {"text": json.loads(value)["value"], "score": found.get("score")}
    else:
        expected = {"prediction": found.get("prediction")}
    if found != expected:
        raise Wrong(f"expected {expected}; got {found}")
    return found["prediction"] if "prediction" in found else [found["score"]]


def judge(workload, values, truth, answers):
    """The largest distance from the truth."""
    if sorted(answers) != list(range(len(values))):
        raise Wrong(f"expected {len(values)} keys; got {len(answers)}, and others than those sent")
    found = np.array([scores_in(workload, value, answers[n]) for n, value in enumerate(values)], np.float64)
    if found.shape != truth.shape:
        raise Wrong(f"expected outputs of shape {truth.shape}; got {found.shape}")
    off = np.abs(found - truth).max(axis=1)
    if not (worst := off.max()) <= TOLERANCE:
        raise Wrong(f"expected scores within {TOLERANCE}; got {worst:.1e} off in record {off.argmax()}")
    return worst


# --- the broker -----------------------------------------------------------------------------------------------------


class Topics:
    def __init__(self, brokers, name, partitions):
        self.brokers, self.partitions, self.group = brokers, partitions, f"{name}-group"
        self.again = 0
        self.input, self.output = f"{name}-in", f"{name}-out"
        self.admin = AdminClient({"bootstrap.servers": brokers})
        made = self.admin.create_topics([NewTopic(topic, partitions, 1) for topic in (self.input, self.output)])
        for future in made.values():
            future.result()

    def fill(self, values):
        producer = kafka.Producer({"bootstrap.servers": self.brokers, "linger.ms": 20, "message.max.bytes": 1 << 20})
        for n, value in enumerate(values):
            while True:
                try:
                    producer.produce(self.input, value, b"%016x" % n)
                    break
                except BufferError:
                    producer.poll(0.1)
        producer.flush()

    def read(self, count, process):
        """Key -> value of the output, as soon as `count` keys are there."""
        consumer = kafka.Consumer({"bootstrap.servers": self.brokers, "group.id": f"{self.group}-judge"})
        consumer.assign([kafka.TopicPartition(self.output, p, 0) for p in range(self.partitions)])
        answers, end = {}, time.monotonic() + SECONDS_MAX
        while len(answers) < count:
            if process.poll() is not None:
                raise Wrong(f"expected it to run until SIGTERM; it ended with status {process.returncode}")
            if time.monotonic() > end:
                raise Wrong(f"expected {count} records within {SECONDS_MAX} s; got {len(answers)}")
            for message in consumer.consume(1000, 0.2):
                if message.error():
                    raise Wrong(str(message.error()))
                key = int(message.key(), 16)
                self.again += key in answers
                answers[key] = message.value()
        self.judge_consumer = consumer
        return answers

    def count_again(self, workers):
        """How many records came out again, up to now."""
        self.again += len(self.judge_consumer.consume(1_000_000, 0.5))
        self.judge_consumer.close()
        if self.again and workers == 1:
            raise Wrong(f"expected every key once; got {self.again} again")
        return self.again

    def all_committed(self):
        """Whether the group's offsets are the ends of the input."""
        consumer = kafka.Consumer({"bootstrap.servers": self.brokers, "group.id": self.group})
        parts = [kafka.TopicPartition(self.input, p) for p in range(self.partitions)]
        for part in consumer.committed(parts, timeout=10):
            _, end = consumer.get_watermark_offsets(part, timeout=10)
            if max(part.offset, 0) != end:
                raise Wrong(f"expected partition {part.partition} committed up to {end}; got {part.offset}")
        consumer.close()


# --- the contestant -------------------------------------------------------------------------------------------------


def start(name, workload, topics, options, scratch):
    orders = {
        "BENCH_BROKERS": topics.brokers, "BENCH_INPUT": topics.input, "BENCH_OUTPUT": topics.output,
        "BENCH_GROUP": topics.group, "BENCH_WORKLOAD": workload, "BENCH_DATA": str(options.data.resolve()),
        "BENCH_WORKERS": str(options.workers), "BENCH_SCRATCH": scratch,
    }  # fmt: skip
    log = open(Path(scratch).with_suffix(".log"), "wb")
    return subprocess.Popen(
        [PEERS / name / "run"], env=os.environ | orders, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        status = process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        raise Wrong(f"expected it to end within {STOP_SECONDS_MAX} s of SIGTERM; it still runs") from None
    if status not in (0, 128 + signal.SIGTERM):  # a JVM says 143 when it ended in order
        raise Wrong(f"expected status 0 after SIGTERM; got {status}")


def end_all_of(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def cpu_of_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def verify(name, workload, options, brokers):
    values = values_of(options.data, workload, options.records)
    truth = truth_of(options.data, workload, values)
    topics = Topics(brokers, f"verify-{name}-{workload}-{os.getpid()}-{options.workers}", options.partitions)
    topics.fill(values)
    scratch = tempfile.mkdtemp(prefix=f"verify-{name}-{workload}-")
    process = start(name, workload, topics, options, scratch)
    try:
        answers = topics.read(len(values), process)
        stop(process)
        again = topics.count_again(options.workers)
        topics.all_committed()
        off = judge(workload, values, truth, answers)
    except Wrong as wrong:
        raise Wrong(f"{wrong}; its log: {scratch}.log") from None
    finally:
        end_all_of(process)
        shutil.rmtree(scratch)
    os.unlink(f"{scratch}.log")
    return off, again


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("contestants", nargs="*")
    parser.add_argument("--workload", action="append", choices=WORKLOADS)
    parser.add_argument("--records", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--partitions", type=int, default=2)
    parser.add_argument("--data", type=Path, default=ROOT / "build" / "bench-data")
    options = parser.parse_args()
    if not (options.data / "HASHES").exists():
        sys.exit(f"verify: expected the generator's files in {options.data}; try bench/workloads/generate.py --out ...")
    # Ends the contestant, too, when this is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    every = {path.parent.name: json.loads(path.read_text()) for path in sorted(PEERS.glob("*/contestant.json"))}
    if unknown := [name for name in options.contestants if name not in every]:
        parser.error(f"expected some of {', '.join(every)}; got {', '.join(unknown)}")
    names = options.contestants or [name for name, told in every.items() if told.get("answers", True)]
    wrong = 0
    for name in names:
        for workload in [w for w in every[name]["workloads"] if w in (options.workload or WORKLOADS)]:
            began, cpu = time.monotonic(), cpu_of_children()
            try:
                off, again = verify(name, workload, options, os.environ["THALWEG_TEST_KAFKA"])
                seconds = f"{time.monotonic() - began:.1f} s in all, {cpu_of_children() - cpu:.1f} CPU-s with its start"
                text = f"correct: {options.records} records, at most {off:.1e} off, {again} again; {seconds}"
            except Wrong as error:
                wrong, text = wrong + 1, f"WRONG: {error}"
            print(f"{name:16} {workload:11} {text}", flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
