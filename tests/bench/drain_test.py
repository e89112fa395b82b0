"""What a drain makes of what it saw: rates and CPU between its two marks, and nothing of what lies outside of them."""

import unittest
from types import SimpleNamespace

import here  # noqa: F401
from drain import Drain, Limits
from paths import Failed
from proc import Sample


class Tree:
    """Gives the samples in turn; the last one again and again."""

    def __init__(self, *samples):
        self.samples = list(samples)

    def look_again(self):
        pass

    def sample(self):
        return self.samples.pop(0) if len(self.samples) > 1 else self.samples[0]


def drained(looks, samples, whole, **limits):
    state = Drain(SimpleNamespace(began=0.0, tree=Tree(*samples)), Limits(**limits))
    state.next_look = float("inf")  # no samples but those of the marks
    enough = [state.feed({"t": t, "count": count}) for t, count in looks]
    return state.result(whole), enough


# A thousand records, a warm-up of 300. Between the marks: 680 records in 4 s, 3.4 CPU-seconds of which 0.68 are compilers'.
LOOKS = [(1.0, 0), (2.0, 100), (3.0, 300), (5.0, 700), (7.0, 980), (8.0, 1000)]
AT_WARM = Sample(cpu=10.0, compilers=2.0, by_name={"main": 8.0, "C2 CompilerThre": 2.0}, rss=50)
AT_END = Sample(cpu=13.4, compilers=2.68, by_name={"main": 10.72, "C2 CompilerThre": 2.68}, rss=70_000_000)
WHOLE = Sample(cpu=15.0, process_cpu=14.0, compilers=3.0, peak=90_000_000)


class ADrain(unittest.TestCase):
    def setUp(self):
        self.found, self.enough = drained(LOOKS, [AT_WARM, AT_END], WHOLE, records=1000)

    def test_counts_records_and_seconds_between_the_marks_alone(self):
        self.assertEqual(self.found["events_between_marks"], 680)
        self.assertEqual(self.found["seconds_between_marks"], 4.0)
        self.assertEqual(self.found["rate"], 170.0)

    def test_has_the_CPU_of_an_event_between_the_marks_with_and_without_the_compilers(self):
        self.assertAlmostEqual(self.found["cpu_us"], 3.4 / 680 * 1e6)
        self.assertAlmostEqual(self.found["cpu_us_without_compilers"], 2.72 / 680 * 1e6)
        self.assertAlmostEqual(self.found["cores"], 0.85)

    def test_has_the_CPU_of_threads_by_name_and_leaves_out_the_small_ones(self):
        self.assertAlmostEqual(self.found["threads_us"]["main"], 2.72 / 680 * 1e6)
        self.assertAlmostEqual(self.found["threads_us"]["C2 CompilerThre"], 0.68 / 680 * 1e6)
        small = Sample(cpu=13.4, by_name={"main": 13.3, "idle": 0.01})
        found, _ = drained(LOOKS, [Sample(cpu=10.0), small], WHOLE, records=1000)
        self.assertEqual(list(found["threads_us"]), ["main"])

    def test_divides_all_since_the_start_by_all_outputs_whichever_account_is_the_larger(self):
        self.assertAlmostEqual(self.found["whole_cpu_us"], 15.0 / 1000 * 1e6)
        self.assertAlmostEqual(self.found["whole_cpu_us_without_compilers"], 12.0 / 1000 * 1e6)
        found, _ = drained(LOOKS, [AT_WARM, AT_END], Sample(cpu=15.0, process_cpu=16.0), records=1000)
        self.assertAlmostEqual(found["whole_cpu_us"], 16.0 / 1000 * 1e6)

    def test_has_the_first_output_from_the_start_of_the_process(self):
        self.assertEqual(self.found["first_output_s"], 2.0)

    def test_has_the_memory_of_the_end_mark_and_the_peak_of_all(self):
        self.assertEqual((self.found["rss_mb"], self.found["peak_mb"]), (70.0, 90.0))

    def test_goes_on_until_all_records_are_out(self):
        self.assertEqual(self.enough, [False, False, False, False, False, True])

    def test_of_a_slow_contestant_begins_after_the_warm_seconds_and_ends_when_the_time_is_up(self):
        looks = [(1.0, 10), (8.9, 90), (9.0, 100), (18.9, 150), (29.0, 180), (30.0, 190)]
        found, enough = drained(looks[:5], [AT_WARM, AT_END], WHOLE, records=1000, warm_seconds=8, seconds=20)
        self.assertEqual((found["events_between_marks"], found["seconds_between_marks"]), (80, 20.0))
        self.assertEqual(enough, [False, False, False, False, True])

    def test_that_was_over_before_both_marks_has_no_numbers(self):
        with self.assertRaises(Failed):
            drained([(1.0, 10), (2.0, 400)], [AT_WARM], WHOLE, records=1000)
        with self.assertRaises(Failed):
            drained([(1.0, 1000), (1.0, 1000)], [AT_WARM, AT_END], WHOLE, records=1000)


if __name__ == "__main__":
    unittest.main()
