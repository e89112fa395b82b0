"""Where things are, and how a round speaks."""

import os
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPS = Path(os.environ.get("THALWEG_DEPS") or ROOT / ".deps")
BENCH = ROOT / "bench"
BUILD = ROOT / "build" / "bench"
LOAD = BUILD / "bench_load"


def dying_with_us(command, by="KILL"):
    """The command, started so that it gets this signal when a round is killed: what goes on by itself would disturb the next one."""
    return ["setpriv", "--pdeathsig", by, *command]


class Failed(Exception):
    """Something that ends one measurement, with the sentence that says why."""


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def last_line(path):
    """What a program said last, for a reason in one line."""
    try:
        lines = [line for line in Path(path).read_text(errors="replace").splitlines() if line.strip()]
    except OSError:
        return "no log"
    return lines[-1][:300] if lines else "it said nothing"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
