"""CPU time and memory of a process and all its descendants, from /proc.

Threads are counted by the scheduler's own nanoseconds (schedstat); the whole process, with threads that have ended, by stat's
ticks of ten milliseconds. A contestant starts in a session of its own, so its descendants are those of that session.
"""

import os
from dataclasses import dataclass, field

TICK = os.sysconf("SC_CLK_TCK")
COMPILERS = ("C1 CompilerThre", "C2 CompilerThre")  # the JVM's, as the kernel cuts their names


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode(errors="replace")
    except OSError:  # gone meanwhile
        return ""


def _stat(path):
    """(name, the fields behind it) of a stat file; the name may hold spaces and parentheses."""
    text = _read(path)
    if ")" not in text:
        return "", []
    return text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :].split()


def session_members(session):
    members = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            _, fields = _stat(f"/proc/{name}/stat")
            if fields and int(fields[3]) == session:
                members.append(int(name))
    return members


@dataclass
class Sample:
    cpu: float = 0.0  # seconds: threads that live, and those seen before
    compilers: float = 0.0  # of these, the JVM's compiler threads
    process_cpu: float = 0.0  # seconds by the process's own account, in ticks
    by_name: dict = field(default_factory=dict)  # seconds of threads of one name
    rss: int = 0  # bytes
    peak: int = 0


@dataclass
class Tree:
    """Samples of one contestant. Threads are remembered, so that one that ended still counts."""

    session: int
    threads: dict = field(default_factory=dict)  # (pid, tid) -> (seconds, name)
    peaks: dict = field(default_factory=dict)
    totals: dict = field(default_factory=dict)
    members: list = field(default_factory=list)

    def look_again(self):
        self.members = session_members(self.session)

    def sample(self):
        if not self.members:
            self.look_again()
        out = Sample()
        for pid in self.members:
            _, fields = _stat(f"/proc/{pid}/stat")
            if fields:
                self.totals[pid] = (int(fields[11]) + int(fields[12])) / TICK
            self._threads(pid)
            out.rss += self._memory(pid)
        out.cpu = sum(seconds for seconds, _ in self.threads.values())
        out.compilers = sum(seconds for seconds, name in self.threads.values() if name.startswith(COMPILERS))
        for seconds, name in self.threads.values():
            out.by_name[name] = out.by_name.get(name, 0) + seconds
        out.process_cpu = sum(self.totals.values())
        out.peak = sum(self.peaks.values())
        return out

    def _threads(self, pid):
        try:
            tids = os.listdir(f"/proc/{pid}/task")
        except OSError:
            return
        for tid in tids:
            nanoseconds = _read(f"/proc/{pid}/task/{tid}/schedstat").split()
            if not nanoseconds:
                continue
            known = self.threads.get((pid, tid))
            # A thread gets its name after it began, so a young one is asked again.
            name = known[1] if known is not None and known[0] >= 0.05 else ""
            self.threads[pid, tid] = (int(nanoseconds[0]) / 1e9, name or _read(f"/proc/{pid}/task/{tid}/comm").rstrip("\n"))

    def _memory(self, pid):
        rss = 0
        for line in _read(f"/proc/{pid}/status").splitlines():
            if line.startswith("VmRSS:"):
                rss = int(line.split()[1]) * 1024
            elif line.startswith("VmHWM:"):
                self.peaks[pid] = int(line.split()[1]) * 1024
        return rss
