"""The plots of a round, as SVG: CPU per event, throughput, latency, growth."""

import statistics

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

from plan import AT_MAXIMUM  # noqa: E402

matplotlib.rcParams.update({
    "svg.hashsalt": "thalweg", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False,
})  # fmt: skip


def _save(figure, path):
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def bars(results, names, number, unit, path):
    """One panel a workload, a bar a contestant: the median, with the least and the most of the pairs. A logarithmic axis."""
    workloads = list(dict.fromkeys(r["workload"] for r in results.runs("drains", what="drain")))
    if not workloads:
        return
    figure, panels = plt.subplots(1, len(workloads), figsize=(3.4 * len(workloads), 0.34 * len(names) + 1.2), squeeze=False)
    for panel, workload in zip(panels[0], workloads):
        shown = [n for n in names if results.runs("drains", what="drain", workload=workload, contestant=n)][::-1]
        for place, name in enumerate(shown):
            values = [r[number] for r in results.runs("drains", what="drain", workload=workload, contestant=name)]
            middle = results.median("drains", number, what="drain", workload=workload, contestant=name)
            colour = "#1b6ca8" if name.startswith("thalweg") else "#999999" if name == "echo" else "#c98b3a"
            spread = [[middle - min(values)], [max(values) - middle]]
            panel.barh(place, middle, color=colour, xerr=spread, ecolor="#333333", capsize=2)
            panel.annotate(f" {middle:,.3g}" if middle < 1000 else f" {middle:,.0f}", (max(values), place), va="center")
        panel.set_yticks(range(len(shown)), shown)
        panel.set_xscale("log")
        panel.margins(x=0.25)
        panel.set_title(workload, loc="left")
        panel.set_xlabel(unit)
    _save(figure, path)


def latency(results, names, workload, path):
    """p50 and p99 over the rate, a colour a contestant."""
    runs = [r for r in results.runs("latencies", workload=workload) if r["at"] != AT_MAXIMUM]
    if not runs:
        return
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4), sharex=True)
    for panel, part in ((left, "p50"), (right, "p99")):
        for name in names:
            own = {}
            for run in [r for r in runs if r["contestant"] == name]:
                own.setdefault(run["rate"], []).append(run["latency_ms"][part])
            points = sorted((rate, statistics.median(values)) for rate, values in own.items())
            if points:
                panel.plot(*zip(*points), marker="o", markersize=3, label=name)
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_title(f"{workload}: {part}", loc="left")
        panel.set_xlabel("events/s")
        panel.set_ylabel("ms from the scheduled time")
    left.legend(frameon=False, fontsize=7)
    _save(figure, path)


def lines(results, names, what, key, path):
    """CPU per event over partitions or workers."""
    points = sorted({r[key] for r in results.runs("drains", what=what)})
    if len(points) < 2:
        return
    figure, panel = plt.subplots(figsize=(5, 3.2))
    for name in names:
        at = [p for p in points if results.runs("drains", what=what, contestant=name, **{key: p})]
        values = [results.median("drains", "cpu_us", what=what, contestant=name, **{key: p}) for p in at]
        if at:
            panel.plot(at, values, marker="o", markersize=3, label=name)
    panel.set_xscale("log", base=2)
    panel.set_xticks(points, [str(p) for p in points])
    panel.set_yscale("log")
    panel.set_xlabel(what)
    panel.set_ylabel("CPU-µs an event")
    panel.legend(frameon=False, fontsize=7)
    _save(figure, path)


def memory(results, names, path):
    """Resident memory over a large backlog."""
    runs = results.runs("drains", what="backlog")
    if not runs:
        return
    figure, panel = plt.subplots(figsize=(6, 3.2))
    for name in names:
        for run in [r for r in runs if r["contestant"] == name][:1]:
            panel.plot([count for _, count, _ in run["memory"]], [rss / 1e6 for _, _, rss in run["memory"]], label=name)
    panel.set_xlabel("records out")
    panel.set_ylabel("resident MB")
    panel.legend(frameon=False, fontsize=7)
    _save(figure, path)


def draw(results, names):
    folder = results.folder
    bars(results, names, "cpu_us", "CPU-µs an event", folder / "cpu.svg")
    bars(results, names, "rate", "events/s", folder / "throughput.svg")
    for workload in dict.fromkeys(r["workload"] for r in results.runs("latencies")):
        latency(results, names, workload, folder / f"latency-{workload}.svg")
    lines(results, names, "partitions", "partitions", folder / "partitions.svg")
    lines(results, names, "workers", "workers", folder / "workers.svg")
    memory(results, names, folder / "memory.svg")
