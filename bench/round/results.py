"""What a round has found: raw runs, kept as JSON beside the machine and command that made them; and what is made of them."""

import datetime
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys

from paths import BUILD, ROOT


def _first(path, key):
    """The value of "key: value" or key="value" in a file."""
    try:
        with open(path) as file:
            return next((line[len(key) :].strip(' \t\n:="') for line in file if line.startswith(key)), "unknown")
    except OSError:
        return "unknown"


def _output(*command):
    try:
        return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout.strip()
    except OSError:
        return "none"


def machine():
    return {
        "cpu": _first("/proc/cpuinfo", "model name"), "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "kernel": platform.release(), "system": _first("/etc/os-release", "PRETTY_NAME"),
        "python": platform.python_version(), "java": _output("java", "-version").split("\n")[0],
        "compiler": _output("c++", "--version").split("\n")[0], "load_at_start": os.getloadavg()[0],
    }  # fmt: skip


class Results:
    def __init__(self, folder=None):
        self.date = datetime.datetime.now().isoformat(timespec="seconds")
        self.folder = folder or BUILD / "rounds" / self.date.replace(":", "")
        self.logs = self.folder / "logs"
        self.logs.mkdir(parents=True)
        dirty = "+" if _output("git", "status", "--porcelain", "--untracked-files=no") else ""
        self.all = {
            "date": self.date, "command": "script/bench " + shlex.join(sys.argv[1:]),
            "commit": _output("git", "rev-parse", "--short=12", "HEAD") + dirty, "machine": machine(),
            "contestants": {}, "drains": [], "latencies": [], "ceilings": {},
        }  # fmt: skip

    @classmethod
    def merged(cls, folder, files):
        """Rounds of one machine, put together: pairs are numbered anew, so that ratios stay between runs of the same turn."""
        rounds = [json.loads(file.read_text()) for file in files]
        results = cls(folder)
        results.all["machine"] = rounds[0]["machine"]
        for key in ("date", "commit", "command"):
            results.all[key] = "; ".join(dict.fromkeys(str(r[key]).strip() for r in rounds))
        for place, found in enumerate(rounds):
            results.all["contestants"] |= found["contestants"]
            for kind in ("drains", "latencies"):
                results.all[kind] += [run | {"pair": 1000 * place + run["pair"]} for run in found[kind]]
            for workload, measured in found["ceilings"].items():
                results.all["ceilings"].setdefault(workload, measured)
        return results

    def add(self, kind, **facts):
        self.all[kind].append(facts)
        self.write()

    def write(self):
        whole = json.dumps(self.all, indent=1, default=str)
        (self.folder / "results.json").write_text(whole + "\n")

    def runs(self, kind, **wanted):
        """The runs that were measured (no reason why not) and are as wanted."""
        return [r for r in self.all[kind] if "reason" not in r and all(r.get(k) == v for k, v in wanted.items())]

    def median(self, kind, number, **wanted):
        values = [r[number] for r in self.runs(kind, **wanted)]
        return statistics.median(values) if values else None

    def ratio(self, kind, number, contestant, reference, **wanted):
        """(median, min, max) of the ratios of runs of the same pair; None where there is no such pair."""
        own = {r["pair"]: r[number] for r in self.runs(kind, contestant=contestant, **wanted)}
        other = {r["pair"]: r[number] for r in self.runs(kind, contestant=reference, **wanted)}
        ratios = [own[p] / other[p] for p in own if other.get(p)]
        return (statistics.median(ratios), min(ratios), max(ratios)) if ratios else None
