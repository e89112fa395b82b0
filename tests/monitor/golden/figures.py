#!/usr/bin/env python3
"""The values that tests/monitor/figures_test.cpp compares with, computed by SciPy and scikit-learn.

    python3 -m venv venv && venv/bin/pip install scipy==1.17.1 scikit-learn==1.9.1
    venv/bin/python tests/monitor/golden/figures.py

Rows come from the generator that the test has too: x -> (x * 48271) mod 2147483647.
"""

import numpy as np
from scipy import integrate, optimize, stats
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
    # A bin's part of the index, in (1/n + 1/m): mean and variance where `expected` rows are expected on both sides.
    for expected in [5, 7, 10, 20]:
        counts = np.arange(0, 8 * expected + 40)
        weight = np.outer(*[stats.poisson.pmf(counts, expected)] * 2)
        part = np.subtract.outer(counts, counts) * np.log(np.divide.outer(counts + 0.5, counts + 0.5)) / 2
        mean = (weight * part).sum()
        show(f"part of a bin of {expected}", (mean, (weight * part**2).sum() - mean**2))


def ab():
    result = stats.chisquare([5200, 4800], [5000, 5000])
    show("chisquare statistic", result.statistic)
    show("chisquare p", result.pvalue)
    numbers = Numbers(3)
    y = np.array([numbers.next() for _ in range(500)])
    show("mean", y.mean())
    show("std(ddof=1)", y.std(ddof=1))
    show("sem", stats.sem(y))


def half_width(t, error, alpha=0.05, tuned_for=10_000):
    """The boundary of the normal mixture martingale, found by integrating: no formula in common with the code."""
    l = -2 * np.log(alpha)
    rho = np.sqrt((l + np.log(l + 1)) / tuned_for)

    def martingale(s):  # of a sum s of t standard normal observations, λ ~ N(0, ρ²)
        f = lambda x: np.exp(x * s - x * x * t / 2) * stats.norm.pdf(x, scale=rho)
        return integrate.quad(f, -12 * rho, 12 * rho, epsabs=1e-13, epsrel=1e-13, limit=500)[0]

    s = optimize.brentq(lambda s: martingale(s) - 1 / alpha, 1, 20 * np.sqrt(t), xtol=1e-12)
    return s / np.sqrt(t) * error  # error = σ/√t


def sequence():
    show("half width", half_width(400, 0.01))


def over_processes():
    """ops/prometheus/recording_test.yml: two variants in two processes that have no key in common."""
    means, errors, rows = [], [], 0
    for variant, seed, shift in (("a", 6, 0), ("b", 9, 0.1)):
        numbers, n, s = Numbers(seed), np.zeros((2, 60)), np.zeros((2, 60))
        for _ in range(3000):
            bucket, process = int(numbers.next() ** 2 * 60), int(numbers.next() < 0.4)
            n[process, bucket] += 1
            s[process, bucket] += round(numbers.next() + bucket / 60 + shift, 3)
        for process in (0, 1):
            print(variant, process, *(f"{x:.15g}" for x in (n[process].sum(), s[process].sum(), (n[process] ** 2).sum(),
                                                          (n[process] * s[process]).sum(), (s[process] ** 2).sum())))
        n, s = n.ravel(), s.ravel()  # a process's bucket is a cluster of its own
        means.append(s.sum() / n.sum())
        errors.append(np.sqrt((np.var(s) - 2 * means[-1] * np.cov(s, n, ddof=0)[0, 1] + means[-1] ** 2 * np.var(n)) / len(n)) / n.mean())
        rows += n.sum()
    error = np.hypot(*errors)
    show("difference", means[1] - means[0])
    show("its error", error)
    show("its half width", half_width(rows, error))


def clusters():
    numbers, n, s = Numbers(6), np.zeros(60), np.zeros(60)
    for _ in range(3000):
        bucket = int(numbers.next() ** 2 * 60)
        n[bucket] += 1
        s[bucket] += numbers.next() + bucket / 60
    ratio = s.sum() / n.sum()  # Deng, Knoblich and Lu, equation 3
    variance = (np.var(s, ddof=1) - 2 * ratio * np.cov(s, n)[0, 1] + ratio**2 * np.var(n, ddof=1)) / len(n) / n.mean() ** 2
    show("ratio", ratio)
    show("its standard error", np.sqrt(variance))


def baseline():
    numbers = Numbers(7)
    x = np.array([numbers.next() for _ in range(1001)])  # of no quantile's rank is a whole number: one value, no mean of two
    cuts = np.quantile(x, np.arange(1, 18) / 18, method="inverted_cdf")
    print("cuts", ", ".join(f"{c:.15g}" for c in cuts))
    print("counts", np.bincount(np.digitize(x, cuts), minlength=18).tolist())
    numbers = Numbers(8)
    names, counts = np.unique([int(17 * numbers.next() * numbers.next()) for _ in range(1000)], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    print("categories", names[order].tolist(), counts[order].tolist())


if __name__ == "__main__":
    over_processes()
    sequence()
    clusters()
    baseline()
    quality()
    grid()
    psi()
    ab()
