"""For tests of bench/round: its modules, and results that are made up."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench" / "round"))

from results import Results  # noqa: E402


def results(drains=(), latencies=(), **rest):
    """Results without a folder: what is added stays in memory."""
    made = Results.__new__(Results)
    made.all = {"contestants": {}, "checks": [], "ceilings": {}, "drains": list(drains), "latencies": list(latencies)} | rest
    made.write = lambda: None
    return made


def drain(contestant, pair=0, workload="tabular", what="drain", **numbers):
    return {"what": what, "workload": workload, "contestant": contestant, "pair": pair} | numbers
