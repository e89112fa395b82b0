"""The tables: what a row says is what was measured."""

import unittest

import here
import report
from here import drain

CEILINGS = {"image": {"parse_us": 4.0, "model": {"tensorflow": {1: 20.0, 64: 0.5, 1024: 0.75}, "openvino": "is not installed"}}}
FULL = {"cpu_us_without_compilers": 1.0, "whole_cpu_us": 1.0, "whole_cpu_us_without_compilers": 1.0, "rate": 1.0, "first_output_s": 1.0, "rss_mb": 1.0, "peak_mb": 1.0}


def cells(table):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


class TheCeilings(unittest.TestCase):
    def setUp(self):
        echo = [drain("echo", p, "image", cpu_us=v) for p, v in enumerate((3.0, 9.0, 3.5))]
        own = [drain("thalweg", p, "image", cpu_us=v) for p, v in enumerate((8.0, 12.0, 10.0))]
        self.results = here.results([*echo, *own], ceilings=CEILINGS)

    def test_of_an_event_are_the_echo_the_parse_and_the_model_at_its_best(self):
        self.assertEqual(report.ceiling_sum(self.results, "image", "tensorflow"), 3.5 + 4.0 + 0.5)

    def test_have_no_sum_where_one_is_missing(self):
        self.assertIsNone(report.ceiling_sum(self.results, "image", "openvino"))
        self.assertIsNone(report.ceiling_sum(here.results(ceilings=CEILINGS), "image", "tensorflow"))
        self.assertIsNone(report.ceiling_sum(self.results, "tweets", "tensorflow"))

    def test_say_what_part_of_the_sum_Thalweg_took(self):
        rows = cells(report.ceilings(self.results))
        self.assertIn(["image", "tensorflow", "0.50", "64 rows a call; 1 row 20.0"], rows)
        self.assertIn(["image", "echo + parse + tensorflow", "8.00", "thalweg 10.00: 1.25 of it"], rows)


class TheTableOfDrains(unittest.TestCase):
    def test_has_medians_and_ratios_to_the_reference(self):
        runs = [drain("thalweg", 0, cpu_us=2.0, **FULL), drain("thalweg", 1, cpu_us=4.0, **FULL), drain("faust", 0, cpu_us=100.0, **FULL),
                drain("faust", 1, cpu_us=120.0, **FULL)]  # fmt: skip
        rows = cells(report.drains(here.results(runs), "tabular", ["faust", "thalweg", "nobody"], "thalweg"))
        self.assertEqual([row[0] for row in rows[2:]], ["faust", "thalweg"])
        column = rows[0].index("CPU ÷ thalweg")
        self.assertEqual(rows[2][column], "40.00 (30.00–50.00)")
        self.assertEqual(rows[2][rows[0].index("CPU-µs")], "110.00")
        self.assertEqual(rows[3][column], "1.00 (1.00–1.00)")


class TheTableOfLatencies(unittest.TestCase):
    def test_has_medians_of_the_pairs_and_the_sum_of_what_was_lost(self):
        def run(p99, lost):
            quantiles = {"p50": 1.0, "p99": p99, "p999": 3.0, "max": 4.0}
            return {"workload": "tabular", "contestant": "echo", "at": "1,000/s", "pair": 0, "latency_ms": quantiles, "late_ms": {"p99": 0.1},
                    "acknowledged_ms": {"p99": 0.2}, "received_per_second": 1000.0, "sent": 6000, "lost": lost, "cpu_us": 5.0,
                    "cpu_us_without_compilers": 5.0, "peak_mb": 6.0}  # fmt: skip

        rows = cells(report.latencies(here.results(latencies=[run(2.0, 1), run(9.0, 0), run(3.0, 2)]), "tabular", ["echo"]))
        self.assertEqual(rows[2][rows[0].index("p99")], "3.00")
        self.assertEqual(rows[2][rows[0].index("lost")], "3")
        rows = cells(report.latencies(here.results(latencies=[run(2.0, 1), run(9.0, 4000)]), "tabular", ["echo"]))
        self.assertEqual(rows[2][rows[0].index("p99")], "–")  # of the third that came, which says nothing


class WhoIsNotMeasured(unittest.TestCase):
    def test_is_named_with_the_reason(self):
        contestants = {
            "faust": {"reason": "cannot be installed: no wheel", "cannot": {}},
            "thalweg": {"reason": None, "cannot": {"image": "its answers are wrong: off by one"}},
            "of an older round": {"reason": None},
        }
        found = report.absent(here.results([drain("echo", 1, reason="stood still")], contestants=contestants))
        self.assertIn("- faust: cannot be installed: no wheel", found)
        self.assertIn("- thalweg, image: its answers are wrong: off by one", found)
        self.assertIn("- echo drain tabular, pair 1: stood still", found)

    def test_and_whose_answers_were_compared_is_said(self):
        checks = [{"outcome": "correct"}, {"outcome": "wrong"}]
        self.assertIn("1 of 2", report.answers(here.results(checks=checks)))
        self.assertIn("not compared with the model's: --no-verify", report.answers(here.results(unchecked="--no-verify")))


class WhoEndedBadly(unittest.TestCase):
    def test_is_neither_who_ended_with_0_nor_a_JVM_that_SIGTERM_ended(self):
        runs = [drain("java-batch", 0, exit_code=143), drain("thalweg", 0, exit_code=0), drain("echo", 0)]
        self.assertEqual(report.ended_badly(here.results(runs)), "")
        self.assertIn("faust", report.ended_badly(here.results([drain("faust", 0, exit_code=1)])))


if __name__ == "__main__":
    unittest.main()
