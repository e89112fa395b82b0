"""One process a worker: Python's interpreter lock leaves nothing else. The parent only waits and hands SIGTERM on."""

import os
import signal
import subprocess
import sys


def run(work):
    """Calls work() in this process, or in BENCH_WORKERS children of it; ends with the status of the worst."""
    count = int(os.environ.get("BENCH_WORKERS", "1"))
    if count == 1:
        return work()
    environment = os.environ | {"BENCH_WORKERS": "1"}
    children = [subprocess.Popen([sys.executable, *sys.argv], env=environment) for _ in range(count)]

    def end(*_):
        for child in children:
            if child.poll() is None:
                child.terminate()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    statuses = []
    for child in children:
        statuses.append(child.wait())
        if statuses[-1]:
            end()  # one that failed takes the others with it
    sys.exit(1 if any(statuses) else 0)
