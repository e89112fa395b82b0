"""The broker of a round: started for it on a port of its own, and wiped in the end, whatever happens."""

import os
import subprocess

from paths import LOAD, ROOT, Failed, dying_with_us, free_port, say


class Broker:
    """with Broker() as broker: … broker.address"""

    def __init__(self):
        self.name = f"bench-{os.getpid()}"
        self.address = ""

    def _kafka(self, *arguments):
        done = subprocess.run([ROOT / "script" / "kafka", *arguments, "--name", self.name], stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Failed(f"broker: script/kafka {arguments[0]} ended with {done.returncode}; see the words above")
        return done.stdout

    def __enter__(self):
        say("broker: starting")
        # Stops it after a SIGKILL too, which no handler of ours sees.
        self.guard = subprocess.Popen(
            [ROOT / "script" / "kafka", "guard", str(os.getpid()), "--name", self.name],
            start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            self.address = self._kafka("start", "--port", str(free_port())).strip().splitlines()[-1]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._kafka("wipe")
        self.guard.terminate()
        self.guard.wait()

    @property
    def pid(self):
        return int((ROOT / "build" / "broker" / self.name / "pid").read_text())

    def environment(self):
        return {**os.environ, "BENCH_BROKERS": self.address}

    def load(self, *arguments, wait=180):
        """Runs bench_load to its end; returns what it printed. Errors: Failed."""
        what = f"bench_load {arguments[0]} {arguments[1]}"
        try:
            done = subprocess.run(
                [LOAD, *map(str, arguments)], env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True, timeout=wait,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Failed(f"{what}: expected an end within {wait} s; got none; is the disk full, or the machine busy?") from None
        except OSError as error:
            raise Failed(f"{what}: {error.strerror}: {LOAD}; try script/build --preset bench") from None
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or ["it said nothing"]
            raise Failed(f"{what}: ended with {done.returncode}: {said[-1]}")
        return done.stdout

    def start_load(self, *arguments, log):
        """Starts bench_load; its lines are read from .stdout."""
        return subprocess.Popen(
            dying_with_us([LOAD, *map(str, arguments)]), env=self.environment(), stdout=subprocess.PIPE, stderr=log, text=True
        )
