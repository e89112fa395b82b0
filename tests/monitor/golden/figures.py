#!/usr/bin/env python3
"""The values that tests/monitor/figures_test.cpp compares with, computed by SciPy and scikit-learn.

    python3 -m venv venv && venv/bin/pip install scipy==1.17.1 scikit-learn==1.9.1
    venv/bin/python tests/monitor/golden/figures.py

Rows come from the generator that the test has too: x -> (x * 48271) mod 2147483647.
"""

import numpy as np
from scipy import stats
from sklearn import metrics


class Numbers:
    """Lehmer's generator with the multiplier of Park and Miller; uniform in (0, 1)."""

    def __init__(self, seed):
        self.x = seed

    def next(self):
        self.x = self.x * 48271 % 2147483647
        return self.x / 2147483647


def show(name, value):
    print(f"{name:28} {value:.15g}")


def quality():
    numbers, scores, labels = Numbers(1), [], []
    for _ in range(1000):
        p = round(numbers.next(), 2)  # two digits: many ties
        scores.append(p)
        labels.append(int(numbers.next() < 0.2 + 0.6 * p))
    show("roc_auc_score", metrics.roc_auc_score(labels, scores))
    show("log_loss", metrics.log_loss(labels, scores))
    show("brier_score_loss", metrics.brier_score_loss(labels, scores))
    show("calibration", sum(scores) / sum(labels))
    above = [s >= 0.5 for s in scores]
    show("precision_score", metrics.precision_score(labels, above))
    show("recall_score", metrics.recall_score(labels, above))


def grid():
    numbers, champion, challenger = Numbers(2), [], []
    for _ in range(2000):
        a = numbers.next()
        champion.append(a)
        challenger.append(0.8 * a + 0.2 * numbers.next())
    cells_a = np.minimum((np.array(champion) * 64).astype(int), 63)
    cells_b = np.minimum((np.array(challenger) * 64).astype(int), 63)
    show("spearmanr of cells", stats.spearmanr(cells_a, cells_b).statistic)
    show("spearmanr of scores", stats.spearmanr(champion, challenger).statistic)
    show("mean |difference|", np.mean(np.abs(np.array(champion) - np.array(challenger))))
    show("flips at 0.5", np.mean((np.array(champion) >= 0.5) != (np.array(challenger) >= 0.5)))


def psi():
    m = np.array([100, 200, 300, 250, 150, 0])
    n = np.array([80, 260, 280, 200, 175, 5])
    q = (m + 0.5) / (m.sum() + 3)
    p = (n + 0.5) / (n.sum() + 3)
    show("psi", stats.entropy(p, q) + stats.entropy(q, p))
    show("chi2.ppf(0.95, 19)", stats.chi2.ppf(0.95, 19))
    show("chi2.ppf(0.99, 1)", stats.chi2.ppf(0.99, 1))


def ab():
    result = stats.chisquare([5200, 4800], [5000, 5000])
    show("chisquare statistic", result.statistic)
    show("chisquare p", result.pvalue)
    numbers = Numbers(3)
    y = np.array([numbers.next() for _ in range(500)])
    show("mean", y.mean())
    show("std(ddof=1)", y.std(ddof=1))
    show("sem", stats.sem(y))


if __name__ == "__main__":
    quality()
    grid()
    psi()
    ab()
