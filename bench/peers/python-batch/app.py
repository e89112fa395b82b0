"""Consume up to 500 records, one call of TensorFlow, produce: the best version that a Python user would write."""

import os
import signal
import sys
import time

import confluent_kafka as kafka

import workers

BATCH = 500
COMMIT_SECONDS = 0.5


class Output:
    """The producer, and the first of its failures."""

    def __init__(self, brokers, topic):
        self.topic, self.failed = topic, None
        self.producer = kafka.Producer({
            "bootstrap.servers": brokers, "enable.idempotence": True, "linger.ms": 1,
            "delivery.report.only.error": True, "on_delivery": self.on_failure,  # a call for each success costs
        })  # fmt: skip

    def on_failure(self, error, _):
        self.failed = self.failed or error

    def send(self, keys, values):
        while True:
            messages = [{"key": key, "value": value} for key, value in zip(keys, values)]
            sent = self.producer.produce_batch(self.topic, messages)
            if sent == len(messages):
                break
            left = [m for m in messages if "_error" in m]  # the queue is full
            keys, values = [m["key"] for m in left], [m["value"] for m in left]
            self.producer.poll(0.05)
        self.producer.poll(0)

    def settle(self):
        """Returns when every record is acknowledged; offsets may be committed then, not before."""
        while self.producer.flush(60) > 0 and self.failed is None:
            pass
        if self.failed is not None:
            sys.exit(f"python-batch: a record was not delivered: {self.failed}")


class Loop:
    def __init__(self, score):
        order = os.environ
        self.score, self.running, self.scored = score, True, {}
        self.input, self.output = order["BENCH_INPUT"], Output(order["BENCH_BROKERS"], order["BENCH_OUTPUT"])
        self.consumer = kafka.Consumer({
            "bootstrap.servers": order["BENCH_BROKERS"], "group.id": order["BENCH_GROUP"],
            "auto.offset.reset": "earliest", "enable.auto.commit": False,
            "fetch.message.max.bytes": 8 << 20, "queued.max.messages.kbytes": 4 << 10, "queued.min.messages": 10_000,  # more falls out of the cache
            "fetch.queue.backoff.ms": 1,  # a second otherwise, which a queue that was full stands still
        })  # fmt: skip

    def stop(self, *_):
        self.running = False

    def run(self):
        self.consumer.subscribe([self.input], on_revoke=self.on_revoke)
        due = time.monotonic() + COMMIT_SECONDS
        while self.running:
            self.step()
            if time.monotonic() >= due:
                self.commit(asynchronous=True)
                due = time.monotonic() + COMMIT_SECONDS
        self.consumer.close()  # revokes, and so commits the last

    def step(self):
        # The first record is waited for, the others are those already here: consume() alone would wait for 500 of them.
        first = self.consumer.poll(0.1)
        if first is None:
            return
        messages = [first, *self.consumer.consume(BATCH - 1, 0)]
        for message in messages:
            if message.error():
                sys.exit(f"python-batch: {message.error()}")
        answers = self.score([message.value() for message in messages])
        self.output.send([message.key() for message in messages], answers)
        for message in messages:
            self.scored[message.partition()] = message.offset() + 1

    def commit(self, asynchronous):
        if self.scored:
            self.output.settle()
            offsets = [kafka.TopicPartition(self.input, p, offset) for p, offset in self.scored.items()]
            self.scored = {}
            self.consumer.commit(offsets=offsets, asynchronous=asynchronous)

    def on_revoke(self, _consumer, _partitions):
        self.commit(asynchronous=False)


def work():
    import scorers

    loop = Loop(scorers.make(os.environ["BENCH_WORKLOAD"]))
    signal.signal(signal.SIGTERM, loop.stop)
    signal.signal(signal.SIGINT, loop.stop)
    loop.run()


workers.run(work)
