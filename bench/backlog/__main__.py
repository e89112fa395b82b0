"""script/backlog: memory of `thalweg run` over a backlog that does not fit into it."""

import argparse
import json
import random
import re
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / "round")]

from bound import bound_of  # noqa: E402
from broker import Broker  # noqa: E402
from paths import BUILD, Failed, say  # noqa: E402
from run import Pipeline, drain, idle  # noqa: E402

GROWTH = 1.05  # of the last quarter over the second one
GROWTH_BYTES = 8 << 20
# Under exactly once memory swings by 30 MB within seconds: a few looks say little, and a median less than a mean.
LOOKS_MIN = 40
LINES = 2000
UNITS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def size(text):
    match = re.fullmatch(r"(\d+)(|KiB|MiB|GiB)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"expected bytes, as 256MiB; got {text!r}")
    return int(match[1]) * UNITS[match[2]]


def names(*known):
    def read(text):
        chosen = text.split(",")
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(f"expected some of {', '.join(known)}; got {name!r}")
        return chosen

    return read


def options():
    parser = argparse.ArgumentParser(prog="script/backlog")
    parser.add_argument("--bytes", type=size, default=4 << 30)
    parser.add_argument("--delivery", type=names("at_least_once", "exactly_once"), default=["at_least_once", "exactly_once"])
    parser.add_argument("--model", type=names("none", "tensorflow"), default=["none", "tensorflow"])
    parser.add_argument("--record-bytes", type=int, default=1000)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--out", type=Path, default=BUILD / "backlog" / time.strftime("%Y%m%d-%H%M%S"))
    return parser.parse_args()


def write_lines(path, record_bytes):
    """Values of the wanted size; numbers that a small model takes, and text that nothing reads."""
    rng = random.Random(1)
    with path.open("w") as file:
        for n in range(LINES):
            x = [round(rng.random(), 4) for _ in range(4)]
            head = json.dumps({"id": f"r-{n:06d}", "x": x}, separators=(",", ":"))[:-1]
            filler = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=max(0, record_bytes - len(head) - 11)))
            file.write(f'{head},"text":"{filler}"}}\n')


def quarter(samples, number):
    part = samples[len(samples) * number // 4 : len(samples) * (number + 1) // 4]
    return sum(part) / len(part)


def measure(o, broker, source, records, model, delivery):
    label = f"{model}, {delivery}"
    target = f"out-{time.monotonic_ns()}"
    broker.load("create", target, "--partitions", o.partitions)
    at_rest = idle(Pipeline(o, broker, f"{source}-empty", target, model, delivery, "idle"))
    found = drain(Pipeline(o, broker, source, target, model, delivery, "drain"), records)
    outputs = json.loads(broker.load("watch", target, "--until", 0))["count"]
    broker.load("delete", target)
    if outputs < records:
        raise Failed(f"{label}: {outputs:,} outputs for {records:,} records")
    rss = found.pop("rss")
    if len(rss) < LOOKS_MIN:
        raise Failed(f"{label}: over after {len(rss)} looks; give it more bytes")
    second, last = quarter(rss, 1), quarter(rss, 3)
    bound = at_rest + bound_of(o, delivery)
    return {
        "model": model, "delivery": delivery, **found, "idle": at_rest, "second_quarter": second, "last_quarter": last,
        "bound": bound, "flat": last <= max(GROWTH * second, second + GROWTH_BYTES), "below": found["peak"] <= bound,
        "rss": rss,
    }  # fmt: skip


def print_table(results):
    print("| model | delivery | records/s | idle | second quarter | last quarter | peak | bound | |")
    print("|---|---|---|---|---|---|---|---|---|")
    for r in results:
        mb = [f"{r[name] / 1e6:,.0f}" for name in ("idle", "second_quarter", "last_quarter", "peak", "bound")]
        verdict = ", ".join(["flat" if r["flat"] else "GROWS", "below the bound" if r["below"] else "ABOVE THE BOUND"])
        print(f"| {r['model']} | {r['delivery']} | {r['rate']:,.0f} | {' | '.join(mb)} | {verdict} |")


def main():
    o = options()
    o.out.mkdir(parents=True)
    lines = o.out / "records.jsonl"
    write_lines(lines, o.record_bytes)
    records = o.bytes // o.record_bytes
    results = []
    with Broker() as broker:
        source = "backlog"
        broker.load("create", source, "--partitions", o.partitions)
        broker.load("create", f"{source}-empty", "--partitions", o.partitions)
        say(f"backlog: {records:,} records of {o.record_bytes} bytes into {o.partitions} partitions")
        broker.load("fill", source, "--file", lines, "--records", records, wait=3600)
        for model in o.model:
            for delivery in o.delivery:
                say(f"drain: {model}, {delivery}")
                results.append(measure(o, broker, source, records, model, delivery))
                (o.out / "results.json").write_text(json.dumps(results, indent=1))
    lines.unlink()
    print_table(results)
    say(f"results and logs: {o.out}")
    return 0 if all(r["flat"] and r["below"] for r in results) else 1


try:
    sys.exit(main())
except Failed as reason:
    print(f"backlog: {reason}", file=sys.stderr)
    sys.exit(1)
