"""What a round has found: raw runs, kept as JSON beside the machine and command that made them; and what is made of them."""

import datetime
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys

from paths import BUILD, ROOT, Failed


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


def commit():
    dirty = "+" if _output("git", "status", "--porcelain", "--untracked-files=no") else ""
    return _output("git", "rev-parse", "--short=12", "HEAD") + dirty


class Results:
    def __init__(self, folder=None):
        self.date = datetime.datetime.now().isoformat(timespec="seconds")
        self.folder = folder or BUILD / "rounds" / self.date.replace(":", "")
        self.logs = self.folder / "logs"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.logs.mkdir()
        except FileExistsError:
            raise Failed(
                f"--out {self.folder}: expected a new folder; got one that a round has used; give another, or go on with that round: --resume {self.folder}"
            ) from None
        except OSError as error:
            raise Failed(f"--out {self.folder}: expected a folder that can be written; got: {error.strerror}") from None
        self.all = {
            "date": self.date, "command": "script/bench " + shlex.join(sys.argv[1:]), "arguments": sys.argv[1:],
            "commit": commit(), "machine": machine(),
            "contestants": {}, "checks": [], "drains": [], "latencies": [], "ceilings": {},
        }  # fmt: skip

    @classmethod
    def resumed(cls, folder):
        """A round that was broken off, to be gone on with. Errors: Failed, also where commit or machine are others: ratios would mean nothing."""
        self = cls.__new__(cls)
        self.folder = folder
        path = folder / "results.json"
        try:
            self.all = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise Failed(f"--resume {folder}: expected the results.json of a round; got: {error}") from None
        if "arguments" not in self.all:
            raise Failed(f"--resume {folder}: expected a round that says how it was started; got one of an older kind; begin a new one")
        for what, now in (("commit", commit()), ("cpu", machine()["cpu"])):
            before = self.all["commit"] if what == "commit" else self.all["machine"]["cpu"]
            if before != now:
                raise Failed(f"--resume {folder}: expected the {what} it was begun with, {before}; got {now}; begin a new one")
        self.date = self.all["date"]
        number = 2
        while (folder / f"logs-{number}").exists():
            number += 1
        self.logs = folder / f"logs-{number}"
        self.logs.mkdir()
        return self

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
            results.all["checks"] += found.get("checks", [])
        return results

    def add(self, kind, **facts):
        self.all[kind].append(facts)
        self.write()

    def find(self, kind, facts):
        """The run with these facts, measured or not; None where there is none."""
        return next((r for r in self.all.get(kind, []) if facts.items() <= r.items()), None)

    def forget(self, kind, all_facts):
        self.all[kind] = [r for r in self.all[kind] if not any(facts.items() <= r.items() for facts in all_facts)]

    def write(self):
        """Beside, then moved: a round that is killed leaves what it had, whole."""
        beside = self.folder / "results.json.part"
        beside.write_text(json.dumps(self.all, indent=1, default=str) + "\n")
        beside.replace(self.folder / "results.json")

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
