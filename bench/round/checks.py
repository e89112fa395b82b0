"""Answers are compared with the model's before anything is measured: who answers wrongly, however fast, is not measured."""

import os
import subprocess

from paths import BENCH, dying_with_us, last_line, say

SECONDS_MAX = 400  # of one contestant and workload; verify.py has shorter ones of its own


class Checks:
    def __init__(self, broker, data, results, progress, python):
        """`python`: of bench/peers/python-common, with NumPy and a Kafka client."""
        self.broker, self.data, self.results, self.progress, self.python = broker, data, results, progress, python

    def check(self, contestant, workload):
        """Once a round: what is in the results already is taken from there. Afterwards contestant.can(workload) knows."""
        facts = {"contestant": contestant.name, "workload": workload}
        found = self.results.find("checks", facts)
        if found is None:
            with self.progress.step("check", f"{contestant.name} {workload}: are its answers right?"):
                found = facts | self._run(contestant, workload)
            self.results.add("checks", **found)
        if found["outcome"] != "correct":
            contestant.cannot[workload] = found["words"]
            say(f"{contestant.name} {workload}: {found['words']}")

    def _run(self, contestant, workload):
        log = self.results.logs / f"check-{contestant.name}-{workload}.log"
        environment = {**os.environ, **contestant.environment, "THALWEG_TEST_KAFKA": self.broker.address, "PYTHONDONTWRITEBYTECODE": "1"}
        command = [self.python, BENCH / "peers" / "verify.py", contestant.folder.name, "--workload", workload, "--data", self.data]
        with log.open("w") as out:
            process = subprocess.Popen(dying_with_us(command, "TERM"), env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
            try:
                status = process.wait(SECONDS_MAX)
            except subprocess.TimeoutExpired:
                status = None
            finally:  # on SIGTERM it ends the contestant, also when this round is broken off
                process.terminate()
                process.wait()
        return verdict(status, last_line(log), SECONDS_MAX)


def verdict(status, line, seconds_max):
    """What the end of verify.py means, and its words: one line, "NAME WORKLOAD correct: …" or "NAME WORKLOAD WRONG: …"."""
    if status == 0:
        return {"outcome": "correct", "words": line.partition("correct: ")[2]}
    if status == 1 and "WRONG: " in line:
        return {"outcome": "wrong", "words": f"its answers are wrong: {line.partition('WRONG: ')[2]}"}
    what = f"no end within {seconds_max} s" if status is None else line
    return {"outcome": "not checked", "words": f"its answers could not be checked: {what}; --no-verify measures it all the same"}
