"""In which turns a round measures, what a resumed one still has to do, and who is left out."""

import json
import subprocess
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import broker
import here
import plan
import prepare
from checks import verdict
from contestant import all_contestants
from paths import Failed
from progress import Progress


class Contestant(SimpleNamespace):
    __hash__ = object.__hash__


def contestant(name, *workloads):
    return Contestant(
        name=name, answers=True, reason=None, cannot={}, language="C++",
        can=lambda workload, workers=1, own=workloads: workload in own and workers == 1,
    )  # fmt: skip


def planned(contestants, results, **options):
    o = SimpleNamespace(full=False, pairs=2, records=100, seconds=1, phase=["drain"], phase_given=True, workload=["tabular"])
    o.__dict__.update(options)
    return plan.Plan(o, contestants, None, SimpleNamespace(folder=None), results, Progress(lambda: 0.0, lambda _: None))


class Turns(unittest.TestCase):
    def setUp(self):
        self.results = here.results()
        self.results.logs = None
        self.ran = []
        self.answer = {"rate": 1.0, "cpu_us": 1.0}
        self.enterContext(mock.patch.object(plan, "say"))
        self.enterContext(mock.patch.object(plan, "drain", lambda c, *_, **__: self.ran.append(c.name) or dict(self.answer)))

    def test_go_round_all_contestants_of_the_workload_in_each_pair(self):
        some = [contestant("a", "tabular"), contestant("b", "image"), contestant("c", "tabular")]
        planned(some, self.results).drains(workload="tabular", pairs=2)
        self.assertEqual(self.ran, ["a", "c", "c", "a"])
        self.assertEqual([r["pair"] for r in self.results.all["drains"]], [0, 0, 1, 1])

    def test_of_a_resumed_round_are_those_that_were_not_whole(self):
        some = [contestant("a", "tabular"), contestant("b", "tabular")]
        planned(some, self.results).drains(workload="tabular", pairs=3)
        self.results.all["drains"] = self.results.all["drains"][:3]  # the second pair was under way
        self.ran.clear()
        planned(some, self.results).drains(workload="tabular", pairs=3)
        self.assertEqual(self.ran, ["b", "a", "a", "b"])
        self.assertEqual(sorted((r["pair"], r["contestant"]) for r in self.results.all["drains"]), [(p, c) for p in range(3) for c in "ab"])

    def test_that_fail_are_kept_with_their_reason_and_the_others_go_on(self):
        def fails(c, *_, **__):
            if c.name == "a":
                raise Failed("it fell over")
            return dict(self.answer)

        with mock.patch.object(plan, "drain", fails):
            planned([contestant("a", "tabular"), contestant("b", "tabular")], self.results).drains(workload="tabular", pairs=1)
        self.assertEqual([r.get("reason") for r in self.results.all["drains"]], ["it fell over", None])

    def test_are_counted_before_the_first_begins(self):
        some = [contestant("a", "tabular"), contestant("b", "tabular")]
        whole = planned(some, self.results, phase=["drain", "latency"], phase_given=False)
        whole._expect(None)
        self.assertEqual(sum(whole.progress.left.values()), 2 * 2 + 2 * 2 * 2)


class Latencies(unittest.TestCase):
    def warm_ups(self, **options):
        given = []
        with mock.patch.object(plan, "say"), mock.patch.object(plan, "open_loop", lambda *_, warm_up, **__: given.append(warm_up) or {"latency_ms": {"p50": 1.0}, "cpu_us": 1.0}):
            results = here.results()
            results.logs = None
            planned([contestant("a", "tabular")], results, pairs=1, phase_given=False, **options).latencies("tabular")
        return given

    def test_are_taken_after_as_many_seconds_of_load_as_were_asked_for(self):
        self.assertEqual(self.warm_ups(warm_up=60.0), [60.0, 60.0])
        self.assertEqual(self.warm_ups(warm_up=None), [3, 3])


class Answers(unittest.TestCase):
    def test_that_are_wrong_or_unknown_leave_a_contestant_out_with_the_reason(self):
        self.assertEqual(verdict(0, "faust tabular correct: 2000 records, at most 1e-7 off", 9)["outcome"], "correct")
        wrong = verdict(1, "faust tabular WRONG: expected 2000 keys; got 3", 9)
        self.assertEqual((wrong["outcome"], wrong["words"]), ("wrong", "its answers are wrong: expected 2000 keys; got 3"))
        self.assertEqual(verdict(1, "KafkaException: no broker", 9)["outcome"], "not checked")
        self.assertIn("no end within 9 s", verdict(None, "", 9)["words"])

    def test_leave_it_out_of_that_workload_alone(self):
        thalweg = next(c for c in all_contestants() if c.name == "thalweg")
        thalweg.cannot["tabular"] = "its answers are wrong"
        self.assertFalse(thalweg.can("tabular"))
        self.assertFalse(thalweg.can("tabular-x10"))
        self.assertTrue(thalweg.can("image"))

    def test_are_none_where_bytes_are_only_carried(self):
        self.assertEqual([c.name for c in all_contestants() if not c.answers], ["echo"])


class WhatIsPrepared(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.made = []
        self.enterContext(mock.patch.object(prepare, "say"))
        self.enterContext(mock.patch.object(prepare, "hashes", lambda *_: {}))

    def generate(self, _python, folder, parts):
        self.made += parts
        for part in parts:
            (folder / f"{part}.jsonl").touch()

    def test_goes_on_without_models_and_says_why(self):
        with mock.patch.object(prepare, "_generate", self.generate), mock.patch.object(prepare, "python", lambda _: (None, "no wheel")):
            _, reason = prepare.prepare(self.folder, ["tabular", "image"], None)
        self.assertEqual(self.made, ["image", "tabular"])
        self.assertEqual(reason, "there is no model: no wheel")
        self.assertFalse(prepare.has_models(self.folder, "image-echo"))
        self.assertTrue(prepare.has_models(self.folder, "tweets"))

    def test_is_an_error_where_there_are_no_messages(self):
        with mock.patch.object(prepare, "_generate", lambda *_: "no NumPy"), self.assertRaisesRegex(Failed, "no NumPy"):
            prepare.prepare(self.folder, ["tabular"], None)


class Hashes(unittest.TestCase):
    def test_of_a_file_that_was_changed_are_an_error(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "x").write_text("abc")
        abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        (folder / "HASHES").write_text(f"{abc}  x\n{abc}  not-there\n")
        with mock.patch.object(prepare, "say"):
            self.assertEqual(prepare.hashes(folder, False), {"x": abc})
            (folder / "x").write_text("abd")
            with self.assertRaisesRegex(Failed, "x: expected SHA-256"):
                prepare.hashes(folder, False)


class TheLoadProgram(unittest.TestCase):
    def test_that_does_not_end_in_time_is_a_sentence(self):
        late = subprocess.TimeoutExpired("bench_load", 180)
        with mock.patch.object(broker.subprocess, "run", side_effect=late), self.assertRaisesRegex(Failed, "bench_load fill t: expected an end within 180 s"):
            broker.Broker().load("fill", "t")

    def test_that_fails_without_a_word_is_a_sentence_too(self):
        done = subprocess.CompletedProcess([], 3, "", "")
        with mock.patch.object(broker.subprocess, "run", return_value=done), self.assertRaisesRegex(Failed, "ended with 3: it said nothing"):
            broker.Broker().load("create", "t")


class Contestants(unittest.TestCase):
    def test_that_are_written_down_are_whole(self):
        for c in all_contestants():
            told = json.loads((c.folder / "contestant.json").read_text())
            self.assertEqual(told["name"], c.folder.name)
            self.assertTrue((c.folder / "install").exists() and (c.folder / "run").exists(), c.name)


if __name__ == "__main__":
    unittest.main()
