"""Medians, ratios of pairs, what is kept when a round is broken off."""

import json
import tempfile
import unittest
from pathlib import Path

import here
from here import drain
from paths import Failed
from results import Results

RUNS = [
    drain("thalweg", 0, cpu_us=2.0), drain("faust", 0, cpu_us=100.0),
    drain("thalweg", 1, cpu_us=4.0), drain("faust", 1, cpu_us=120.0),
    drain("thalweg", 2, cpu_us=3.0), drain("faust", 2, reason="stood still"),
    drain("faust", 3, cpu_us=999.0),
    drain("thalweg", 0, "image", cpu_us=50.0), drain("faust", 0, "image", cpu_us=50.0),
]  # fmt: skip


class Ratios(unittest.TestCase):
    def test_are_medians_of_runs_of_the_same_pair_with_the_least_and_the_most(self):
        found = here.results(RUNS).ratio("drains", "cpu_us", "faust", "thalweg", what="drain", workload="tabular")
        self.assertEqual(found, (40.0, 30.0, 50.0))  # 100/2 and 120/4; not of medians, which would be 120/3

    def test_of_three_pairs_have_the_middle_one(self):
        three = [drain(c, p, cpu_us=v) for p, (a, b) in enumerate([(1.0, 2.0), (1.0, 9.0), (1.0, 3.0)]) for c, v in (("a", a), ("b", b))]
        self.assertEqual(here.results(three).ratio("drains", "cpu_us", "b", "a"), (3.0, 2.0, 9.0))

    def test_of_contestants_that_never_met_are_none(self):
        apart = [drain("a", 0, cpu_us=1.0), drain("b", 1, cpu_us=2.0)]
        self.assertIsNone(here.results(apart).ratio("drains", "cpu_us", "a", "b"))


class Medians(unittest.TestCase):
    def test_are_of_the_runs_that_were_measured(self):
        results = here.results(RUNS)
        self.assertEqual(results.median("drains", "cpu_us", contestant="thalweg", workload="tabular"), 3.0)
        self.assertEqual(results.median("drains", "cpu_us", contestant="faust", workload="tabular"), 120.0)
        self.assertIsNone(results.median("drains", "cpu_us", contestant="nobody"))


class AFolder(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def one(self, name, drains, ceilings, checks=()):
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps({
            "date": name, "commit": "abc", "command": "script/bench", "machine": {"cpu": "x"},
            "contestants": {name: {"reason": None}}, "checks": list(checks), "drains": drains, "latencies": [], "ceilings": ceilings,
        }))  # fmt: skip
        return path

    def test_of_a_merge_has_ratios_between_runs_of_one_round_only(self):
        first = self.one("one", [drain("a", 0, cpu_us=1.0), drain("b", 0, cpu_us=2.0)], {"tabular": {"parse_us": 1.0}})
        second = self.one("two", [drain("a", 0, cpu_us=10.0), drain("b", 0, cpu_us=50.0), drain("b", 1, cpu_us=7.0)], {"tabular": {"parse_us": 9.0}})
        merged = Results.merged(self.folder / "out", [first, second])
        self.assertEqual(merged.ratio("drains", "cpu_us", "b", "a"), (3.5, 2.0, 5.0))
        self.assertEqual(len(merged.runs("drains")), 5)
        self.assertEqual(merged.all["ceilings"]["tabular"]["parse_us"], 1.0)
        self.assertEqual(merged.all["date"], "one; two")
        self.assertEqual(merged.all["commit"], "abc")
        self.assertEqual(set(merged.all["contestants"]), {"one", "two"})

    def test_that_a_round_has_used_is_refused_in_a_sentence(self):
        Results(self.folder / "used")
        with self.assertRaisesRegex(Failed, "--out .*expected a new folder.*--resume"):
            Results(self.folder / "used")

    def test_has_every_run_as_soon_as_it_is_known_and_can_be_gone_on_with(self):
        begun = Results(self.folder / "round")
        begun.add("drains", **drain("a", 0, cpu_us=1.0))
        self.assertEqual(json.loads((self.folder / "round" / "results.json").read_text())["drains"][0]["cpu_us"], 1.0)
        again = Results.resumed(self.folder / "round")
        self.assertEqual(again.find("drains", drain("a", 0))["cpu_us"], 1.0)
        self.assertIsNone(again.find("drains", drain("a", 1)))
        self.assertNotEqual(again.logs, begun.logs)

    def test_of_another_commit_is_not_gone_on_with(self):
        begun = Results(self.folder / "round")
        begun.all["commit"] = "another"
        begun.write()
        with self.assertRaisesRegex(Failed, "commit"):
            Results.resumed(self.folder / "round")

    def test_without_results_is_refused_in_a_sentence(self):
        with self.assertRaisesRegex(Failed, "--resume .*results.json"):
            Results.resumed(self.folder)


if __name__ == "__main__":
    unittest.main()
