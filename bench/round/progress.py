"""Which step of how many, and about how long the rest will take."""

import contextlib
import time

from paths import say


def words(seconds):
    """"45 s", "12 min", "1 h 05 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


class Progress:
    """Steps come in groups ("drain tabular"), whose first word says what kind they are: steps of a kind take about as long as each other."""

    def __init__(self, clock=time.monotonic, tell=say):
        self.clock, self.tell, self.began = clock, tell, clock()
        self.left = {}  # group -> steps to come
        self.took = {}  # kind -> seconds of each step that is done
        self.done = 0

    def expect(self, group, steps):
        """So many are to come in this group, whatever was said before."""
        self.left[group] = steps

    def seconds_left(self):
        """By what steps of the same kind took so far, or where there was none, of any; None before the first is done."""
        every = [seconds for kind in self.took.values() for seconds in kind]
        if not every:
            return None
        total = 0.0
        for group, steps in self.left.items():
            known = self.took.get(group.split()[0]) or every
            total += steps * sum(known) / len(known)
        return total

    def line(self, label):
        left = self.seconds_left()
        rest = "" if left is None else f", about {words(left)} left"
        of = self.done + sum(self.left.values())
        return f"[{self.done + 1} of {of}, {words(self.clock() - self.began)} gone{rest}] {label}"

    @contextlib.contextmanager
    def step(self, group, label):
        """with progress.step("drain tabular", "faust"): … Counts however it ends."""
        self.left[group] = max(1, self.left.get(group, 0))
        self.tell(self.line(label))
        began = self.clock()
        try:
            yield
        finally:
            self.left[group] -= 1
            self.done += 1
            self.took.setdefault(group.split()[0], []).append(self.clock() - began)
