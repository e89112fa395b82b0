"""One `thalweg run`, looked at four times a second: its memory, and how far it is."""

import re
import subprocess
import time
import urllib.request
from pathlib import Path

from paths import BUILD, ROOT, Failed, last_line

READY_SECONDS = 60
STALL_SECONDS = 60
STOP_SECONDS = 60
LOOK_SECONDS = 0.25
MODEL = "models: {{m: {{path: {root}/tests/models/keras_export, runtime: tensorflow}}}}"
SCORE = "steps: [infer: {model: m, features: {x: x}, outputs: {output_0: score}}]"


def pipeline_text(o, broker, source, target, model, delivery, group, state):
    score = model == "tensorflow"
    fields = '{id: string, x: "float32[4]"}'
    return "\n".join(
        [
            f"pipeline: {group}",
            f'kafka: {{bootstrap.servers: "{broker.address}"}}',
            f"workers: {o.workers}",
            f"delivery: {delivery}",
            f"state_directory: {state}",
            "http: {port: 0}",
            MODEL.format(root=ROOT) if score else "",
            f"from: {{topic: {source}, start: earliest, fields: {fields}}}",
            SCORE if score else "",
            # Without a model each output is as large as its input: the most that can wait for the broker.
            f"to: {{topic: {target}, value: {'{id: id, score: score}' if score else 'input'}}}",
            "",
        ]
    )


class Pipeline:
    """with Pipeline(…) as p: … p.rss(), p.metrics()"""

    def __init__(self, o, broker, source, target, model, delivery, what):
        group = f"backlog-{what}-{time.monotonic_ns()}"
        folder = o.out / f"{model}-{delivery}-{what}"
        folder.mkdir()
        self.file, self.log = folder / "pipeline.yaml", folder / "log"
        self.file.write_text(pipeline_text(o, broker, source, target, model, delivery, group, folder / "state"))
        self.settings = [word for setting in o.set for word in ("--set", setting)]

    def __enter__(self):
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [BUILD / "thalweg", "run", self.file, "--set", "log.format=json", *self.settings],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        try:
            self.address = self._await_address()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def _await_address(self):
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            self.must_live()
            found = re.search(r"127\.0\.0\.1:\d+", "".join(l for l in self.log.open() if '"http.listening"' in l))
            if found and self._ready(found[0]):
                self._forget_loading()
                return found[0]
            time.sleep(0.05)
        raise Failed(f"not ready within {READY_SECONDS} s: {last_line(self.log)}")

    def _ready(self, address):
        try:
            with urllib.request.urlopen(f"http://{address}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:  # 503 too
            return False

    def _forget_loading(self):
        """The most so far counts from here: what loading a library took for a moment is not the backlog's (proc(5), clear_refs)."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def must_live(self):
        if self.process.poll() is not None:
            raise Failed(f"ended with {self.process.returncode}: {last_line(self.log)}")

    def memory(self):
        """(resident now, most so far), in bytes."""
        with open(f"/proc/{self.process.pid}/status") as file:
            lines = dict(line.split(":", 1) for line in file)
        return tuple(int(lines[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))

    def metric(self, name):
        """Summed over its labels."""
        with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        return sum(float(v) for v in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE))

    def stop(self):
        self.process.terminate()
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise Failed(f"did not end within {STOP_SECONDS} s of SIGTERM") from None
        if code != 0:
            raise Failed(f"ended with {code}: {last_line(self.log)}")


def idle(pipeline):
    """What it takes with libraries and models loaded, and nothing to read."""
    with pipeline as p:
        time.sleep(3)
        p.must_live()
        resident, _ = p.memory()
        p.stop()
    return resident


def drain(pipeline, records):
    rss, began, last, moved = [], time.monotonic(), -1, time.monotonic()
    with pipeline as p:
        while True:
            p.must_live()
            resident, peak = p.memory()
            done = p.metric("thalweg_outputs_total")
            now = time.monotonic()
            if done > last:
                last, moved = done, now
            if now - moved > STALL_SECONDS:
                raise Failed(f"stood still for {STALL_SECONDS} s at {last:,.0f} of {records:,}")
            # What was taken back with a transaction is counted again; the topics are looked at in the end.
            if done >= records and p.metric("thalweg_records_under_way") == 0 and p.metric("thalweg_lag_records") == 0:
                break
            rss.append(resident)
            time.sleep(max(0.0, LOOK_SECONDS - (time.monotonic() - now)))
        seconds = moved - began
        p.stop()
    return {
        "records": records, "seconds": round(seconds, 1), "rate": records / seconds,
        "peak": peak, "rss": rss,
    }  # fmt: skip
