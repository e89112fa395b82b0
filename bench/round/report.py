"""The table of a round: for the terminal, and as Markdown beside the raw results."""

import statistics

LOST_PART = 0.0005  # of what was sent; above it a contestant has not kept up


def _number(value, digits=2):
    if value is None:
        return "–"
    return f"{value:,.{digits}f}" if value < 1000 else f"{value:,.0f}"


def _ratio(found):
    return "–" if found is None else f"{found[0]:.2f} ({found[1]:.2f}–{found[2]:.2f})"


def table(head, rows):
    """Markdown that is aligned for a terminal too."""
    cells = [head, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]

    def line(row):
        rest = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        return "| " + " | ".join([row[0].ljust(widths[0]), *rest]) + " |"

    rule = "|" + "|".join([":" + "-" * (widths[0] + 1)] + ["-" * (width + 1) + ":" for width in widths[1:]]) + "|"
    return "\n".join([line(head), rule, *map(line, rows)])


DRAIN_HEAD = [
    "contestant", "runs", "events/s", "CPU-µs", "w/o JIT", "with start", "w/o JIT", "CPU ÷ {0}", "w/o JIT", "rate ÷ {0}",
    "first s", "RSS MB", "peak MB",
]  # fmt: skip


def _measured(results, wanted):
    return sum("reason" not in run for run in results.runs("drains", **wanted))


def drains(results, workload, names, reference):
    rows = []
    for name in names:
        wanted = {"what": "drain", "workload": workload, "contestant": name}
        if not results.runs("drains", **wanted):
            continue
        compare = {"what": "drain", "workload": workload}
        rows.append([
            name, str(_measured(results, wanted)),
            _number(results.median("drains", "rate", **wanted), 0),
            *[_number(results.median("drains", key, **wanted)) for key in (
                "cpu_us", "cpu_us_without_compilers", "whole_cpu_us", "whole_cpu_us_without_compilers")],
            _ratio(results.ratio("drains", "cpu_us", name, reference, **compare)),
            _ratio(results.ratio("drains", "cpu_us_without_compilers", name, reference, **compare)),
            _ratio(results.ratio("drains", "rate", name, reference, **compare)),
            _number(results.median("drains", "first_output_s", **wanted)),
            *[_number(results.median("drains", key, **wanted), 0) for key in ("rss_mb", "peak_mb")],
        ])  # fmt: skip
    return table([cell.format(reference) for cell in DRAIN_HEAD], rows) if rows else None


def stages(results, names):
    """Where the time goes, for contestants that say so: medians of the drains with one worker."""
    rows = []
    for run in {(r["workload"], r["contestant"]): r for r in results.runs("drains", what="drain") if "stages_us" in r}.values():
        wanted = {"what": "drain", "workload": run["workload"], "contestant": run["contestant"]}
        runs = [r for r in results.runs("drains", **wanted) if "stages_us" in r]
        own = {stage: statistics.median(r["stages_us"][stage] for r in runs) for stage in run["stages_us"]}
        rows.append([
            run["contestant"], run["workload"], *map(_number, own.values()), f"{own['model'] / max(sum(own.values()), 1e-9):.0%}",
            _number(statistics.median(r["cpu_us"] for r in runs)), _number(statistics.median(r["batch_rows"]["mean"] for r in runs), 0),
        ])  # fmt: skip
    if not rows:
        return None
    return table(["contestant", "workload", *[f"{s} µs" for s in own], "model's part", "CPU-µs, all", "rows a batch"], rows)


def latencies(results, workload, names):
    """Medians of the pairs, in the order they were first measured; at its maximum a contestant has only a rate."""
    groups = {}
    for run in results.runs("latencies", workload=workload):
        groups.setdefault((run["at"], run["contestant"]), []).append(run)
    order = list(dict.fromkeys(at for at, _ in groups))
    rows = []
    for (at, name), runs in sorted(groups.items(), key=lambda g: (order.index(g[0][0]), names.index(g[0][1]))):

        def middle(of, runs=runs):
            return _number(statistics.median(map(of, runs)))

        # Quantiles of those that came are no quantiles where others never did.
        kept_up = all(r["lost"] <= LOST_PART * r["sent"] for r in runs)
        shown = [middle(lambda r, k=k: r["latency_ms"][k]) if kept_up else "–" for k in ("p50", "p99", "p999", "max")]
        rows.append([
            name, at, _number(statistics.median(r["received_per_second"] for r in runs), 0), *shown,
            middle(lambda r: r["late_ms"]["p99"]), middle(lambda r: r["acknowledged_ms"]["p99"]), str(sum(r["lost"] for r in runs)), middle(lambda r: r["cpu_us"]),
            middle(lambda r: r["cpu_us_without_compilers"]), middle(lambda r: r["peak_mb"]),
        ])  # fmt: skip
    head = [
        "contestant", "asked for", "events/s", "p50 ms", "p99", "p99.9", "max", "sent late p99", "acked p99", "lost", "CPU-µs",
        "w/o JIT", "peak MB",
    ]  # fmt: skip
    return table(head, rows) if rows else None


def growth(results, names):
    rows = []
    for what, key in (("partitions", "partitions"), ("workers", "workers"), ("payload", "workload"), ("backlog", "workload")):
        points = sorted({r[key] for r in results.runs("drains", what=what)})
        for point in points:
            for name in names:
                wanted = {"what": what, key: point, "contestant": name}
                if results.runs("drains", **wanted):
                    rows.append([
                        name, f"{what} {point}", str(_measured(results, wanted)), _number(results.median("drains", "rate", **wanted), 0),
                        _number(results.median("drains", "cpu_us", **wanted)),
                        _number(results.median("drains", "cores", **wanted)),
                        _number(results.median("drains", "peak_mb", **wanted), 0), _batches(results, wanted),
                    ])  # fmt: skip
    head = ["contestant", "at", "runs", "events/s", "CPU-µs", "cores", "peak MB", "rows a batch: 10, 50, 90 %"]
    return table(head, rows) if rows else None


def _batches(results, wanted):
    runs = [r["batch_rows"] for r in results.runs("drains", **wanted) if "batch_rows" in r]
    return "≤ " + ", ".join(_number(runs[0][p], 0) for p in ("p10", "p50", "p90")) if runs else "–"


def ceiling_sum(results, workload, runtime):
    """CPU-µs of an event: transport (the echo of the same round), parse, and the model at its best batch size. None where one is missing."""
    found = results.all["ceilings"].get(workload, {})
    echo = results.median("drains", "cpu_us", what="drain", workload=workload, contestant="echo")
    parse, costs = found.get("parse_us"), found.get("model", {}).get(runtime)
    if echo is None or not isinstance(parse, float) or not isinstance(costs, dict):
        return None
    return echo + parse + min(costs.values())


def _sums(results, workload, found):
    """The sum, and what Thalweg with that runtime took of it."""
    for runtime, name in (("tensorflow", "thalweg"), ("openvino", "thalweg-openvino")):
        whole = ceiling_sum(results, workload, runtime)
        own = results.median("drains", "cpu_us", what="drain", workload=workload, contestant=name)
        if runtime in found["model"] and whole is not None:
            yield [workload, f"echo + parse + {runtime}", _number(whole), "" if own is None else f"{name} {_number(own)}: {own / whole:.2f} of it"]


def ceilings(results):
    rows = []
    for workload, found in results.all["ceilings"].items():
        parse = found["parse_us"]
        rows.append([workload, "parse", _number(parse) if isinstance(parse, float) else parse, ""])
        for runtime, costs in found["model"].items():
            if isinstance(costs, str):
                rows.append([workload, runtime, costs, ""])
            else:
                best = min(costs, key=costs.get)
                rows.append([workload, runtime, _number(costs[best]), f"{best} rows a call; 1 row {costs[min(costs)]:.1f}"])
        rows += _sums(results, workload, found)
    return table(["ceiling", "of", "CPU-µs an event", "at"], rows) if rows else None


def _where(run):
    counted = " ".join(f"{run[k]} {k}" for k in ("partitions", "workers") if k in run)
    return " ".join(str(run[k]) for k in ("contestant", "what", "workload", "at") if k in run) + f", pair {run['pair']}" + (
        f", {counted}" if counted else "")  # fmt: skip


JVM_ENDED_BY_SIGTERM = 128 + 15  # also when its shutdown hooks have closed everything


def ended_badly(results):
    """Runs that count, and whose contestant did not end in order when it was asked to."""
    runs = [r for r in results.all["drains"] + results.all["latencies"] if r.get("exit_code") not in (None, 0, JVM_ENDED_BY_SIGTERM)]
    return "\n".join(f"- {_where(r)}: ended with {r['exit_code']} when it was stopped" for r in runs)


def absent(results):
    lines = []
    for name, c in results.all["contestants"].items():
        if c["reason"]:
            lines.append(f"- {name}: {c['reason']}")
        lines += [f"- {name}, {workload}: {why}" for workload, why in c.get("cannot", {}).items()]
    for run in results.all["drains"] + results.all["latencies"]:
        if "reason" in run:
            lines.append(f"- {_where(run)}: {run['reason']}")
    return "\n".join(lines)


def answers(results):
    """Whether answers were compared with the model's before they were timed."""
    checks = results.all.get("checks", [])
    right = sum(c["outcome"] == "correct" for c in checks)
    if checks:
        return f"Answers of {right} of {len(checks)} (contestant, workload) were compared with the model's and are right; who is not among them was not measured."
    return f"Answers were not compared with the model's: {results.all.get('unchecked') or 'not asked for'}."


def text(results, contestants):
    names = [c.name for c in contestants]
    reference = "thalweg" if "thalweg" in names else names[0]
    machine = results.all["machine"]
    parts = [
        f"{results.all['date']}, commit {results.all['commit']}, {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, Linux {machine['kernel']}; `{results.all['command'].strip()}`",
        answers(results),
    ]
    for workload in dict.fromkeys(r["workload"] for r in results.all["drains"] if r["what"] == "drain"):
        parts += [f"## {workload}: a full topic", drains(results, workload, names, reference)]
    for workload in dict.fromkeys(r["workload"] for r in results.all["latencies"]):
        parts += [f"## {workload}: latency from the scheduled time", latencies(results, workload, names)]
    parts += ["## Where the time goes", stages(results, names), "## Growth", growth(results, names), "## Ceilings", ceilings(results)]
    parts += ["## Not measured", absent(results), "## Ended badly", ended_badly(results)]
    # A heading without anything under it goes.
    kept = [p for i, p in enumerate(parts) if p and not (p.startswith("##") and not parts[i + 1])]
    return "\n\n".join(kept) + "\n"
