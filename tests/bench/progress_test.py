"""How much is left is worked out from what was done."""

import unittest

import here  # noqa: F401
from progress import Progress, words


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class TheTimeLeft(unittest.TestCase):
    def setUp(self):
        self.clock, self.said = Clock(), []
        self.progress = Progress(self.clock, self.said.append)

    def take(self, group, seconds):
        with self.progress.step(group, group):
            self.clock.now += seconds

    def test_is_unknown_before_the_first_step_is_done(self):
        self.progress.expect("check", 2)
        self.take("check", 10)
        self.assertEqual(self.said, ["[1 of 2, 0 s gone] check"])

    def test_is_the_mean_of_the_kind_for_each_step_to_come(self):
        self.progress.expect("check", 3)
        self.progress.expect("drain tabular", 4)
        self.progress.expect("drain image", 1)
        self.take("check", 10)
        self.take("drain tabular", 30)
        self.take("drain tabular", 50)
        self.assertEqual(self.progress.seconds_left(), 2 * 10 + (2 + 1) * 40)

    def test_is_that_of_any_kind_where_there_was_none_of_its_own(self):
        self.progress.expect("check", 1)
        self.progress.expect("latency tabular", 2)
        self.take("check", 10)
        self.assertEqual(self.progress.seconds_left(), 20)

    def test_counts_steps_that_failed_and_forgets_those_that_will_not_come(self):
        self.progress.expect("drain tabular", 3)
        with self.assertRaises(ValueError), self.progress.step("drain tabular", "x"):
            self.clock.now += 5
            raise ValueError
        self.progress.expect("drain tabular", 1)
        self.assertEqual(self.progress.line("y"), "[2 of 2, 5 s gone, about 5 s left] y")

    def test_is_said_in_words(self):
        self.assertEqual([words(s) for s in (45, 600, 3900)], ["45 s", "10 min", "1 h 05 min"])


if __name__ == "__main__":
    unittest.main()
