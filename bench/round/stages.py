"""What a contestant of ours says of itself: time by stage and rows a batch, from its own /metrics.

Others have no such page and are not asked; nothing that is compared rests on it. Times are of the worker's clock, not of its CPU: where it
is interrupted, they grow all alike.
"""

import re
import urllib.error
import urllib.request

STAGES = ("decode", "features", "model", "encode")
LINE = re.compile(r"^thalweg_(\w+?)(?:\{(.*)\})? (\S+)$")
LE = re.compile(r'le="([^"]+)"')


def _read(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2) as page:
            return page.read().decode()
    except (urllib.error.URLError, OSError):
        return None


def _quantile(buckets, part):
    """The upper edge of the bucket that this part of all batches lies in."""
    total = max(buckets.values(), default=0)
    return next((edge for edge, count in sorted(buckets.items()) if count >= part * total), None)


def ask(port):
    """{"stages_us": {stage: µs an event}, "batch_rows": {…}}; empty where nobody answers."""
    page = _read(port)
    sums, buckets = {}, {}
    for line in (page or "").splitlines():
        if not (found := LINE.match(line)):
            continue
        name, labels, value = found[1], found[2] or "", float(found[3])
        if name == "batch_rows_bucket":
            edge = float(LE.search(labels)[1])
            buckets[edge] = buckets.get(edge, 0) + value
        else:
            sums[name] = sums.get(name, 0) + value
    records, batches = sums.get("records_in_total", 0), sums.get("batches_total", 0)
    if records == 0 or batches == 0:
        return {}
    return {
        "stages_us": {s: sums.get(f"{s}_seconds_sum", 0) / records * 1e6 for s in STAGES},
        "batch_rows": {"mean": records / batches, **{f"p{p}": _quantile(buckets, p / 100) for p in (10, 50, 90)}},
    }
