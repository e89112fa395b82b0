"""What is read from /proc, from /metrics, from Google Benchmark and from the sender."""

import os
import threading
import unittest
from unittest import mock

import ceilings
import here  # noqa: F401
import latency
import proc
import stages
from paths import Failed
from proc import Sample

PAGE = """# HELP thalweg_records_in_total Records read
thalweg_records_in_total{pipeline="p"} 1000
thalweg_batches_total{pipeline="p"} 10
thalweg_decode_seconds_sum{pipeline="p"} 0.0005
thalweg_features_seconds_sum{pipeline="p"} 0
thalweg_model_seconds_sum{pipeline="p",worker="0"} 0.001
thalweg_model_seconds_sum{pipeline="p",worker="1"} 0.002
thalweg_encode_seconds_sum{pipeline="p"} 0.0001
thalweg_batch_rows_bucket{le="10"} 1
thalweg_batch_rows_bucket{le="100"} 6
thalweg_batch_rows_bucket{le="1000"} 10
thalweg_batch_rows_bucket{le="+Inf"} 10
"""


class Stages(unittest.TestCase):
    def test_are_microseconds_an_event_of_all_workers_and_quantiles_of_batches(self):
        with mock.patch.object(stages, "_read", return_value=PAGE):
            found = stages.ask(1)
        self.assertEqual({k: round(v, 6) for k, v in found["stages_us"].items()}, {"decode": 0.5, "features": 0, "model": 3.0, "encode": 0.1})
        self.assertEqual(found["batch_rows"], {"mean": 100, "p10": 10, "p50": 100, "p90": 1000})

    def test_are_nothing_where_nobody_answers(self):
        with mock.patch.object(stages, "_read", return_value=None):
            self.assertEqual(stages.ask(1), {})


class AnOpenLoop(unittest.TestCase):
    def test_has_the_CPU_of_an_event_between_its_marks_with_and_without_the_compilers(self):
        told = {"latency_ms": {"p50": 1.0}, "sent": 4000, "answered": 2000}  # what was not answered meanwhile took none of it
        found = latency.settle(told, Sample(cpu=1.0, compilers=0.5), Sample(cpu=3.0, compilers=0.9, rss=10_000_000, peak=20_000_000))
        self.assertAlmostEqual(found["cpu_us"], 1000.0)
        self.assertAlmostEqual(found["cpu_us_without_compilers"], 800.0)
        self.assertEqual((found["rss_mb"], found["peak_mb"]), (10.0, 20.0))

    def test_without_an_answer_has_no_numbers(self):
        with self.assertRaises(Failed):
            latency.settle({"latency_ms": None, "sent": 1, "answered": 0}, Sample(), Sample())


class TheModelAlone(unittest.TestCase):
    def test_is_microseconds_a_row(self):
        told = [{"name": "model/1", "cpu_time": 5000.0}, {"name": "model/64", "cpu_time": 64000.0}]
        with mock.patch.object(ceilings, "_run", return_value=told), mock.patch.object(ceilings, "DEPS", mock.MagicMock()):
            self.assertEqual(ceilings.model("tensorflow", "tweets", None, 1), {1: 5.0, 64: 1.0})


class ProcessTrees(unittest.TestCase):
    def sample_of(self, threads):
        """A tree whose threads were last seen like this: {tid: (seconds, name)}."""
        tree = proc.Tree(session=0, members=[-1])
        tree.threads = {(1, tid): seen for tid, seen in threads.items()}
        return tree.sample()

    def test_count_the_compilers_of_the_JVM_apart(self):
        found = self.sample_of({1: (2.0, "java"), 2: (0.5, "C1 CompilerThre"), 3: (1.5, "C2 CompilerThre"), 4: (0.25, "C2"), 5: (1.0, "java")})
        self.assertEqual((found.cpu, found.compilers), (5.25, 2.0))
        self.assertEqual(found.by_name["java"], 3.0)

    def test_count_a_thread_that_has_ended(self):
        tree = proc.Tree(session=os.getsid(0), members=[os.getpid()])
        go = threading.Event()
        thread = threading.Thread(target=go.wait)
        thread.start()
        tree.sample()
        go.set()
        thread.join()
        key = os.getpid(), str(thread.native_id)
        self.assertIn(key, tree.threads)
        _, name = tree.threads[key]
        tree.threads[key] = (100.0, name)
        self.assertGreaterEqual(tree.sample().cpu, 100.0)


if __name__ == "__main__":
    unittest.main()
