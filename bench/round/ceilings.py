"""Ceilings of one event: the model alone on ready tensors, and the parse alone. From Google Benchmark's JSON."""

import json
import subprocess

from data import FILES
from paths import BUILD, DEPS, ROOT, Failed

MODELS = {"tabular": "models/tabular/1", "image": "models/image/1", "tweets": None}  # None: the example's


def _run(program, *arguments, seconds):
    path = BUILD / program
    if not path.exists():
        raise Failed(f"{program}: not built; is Google Benchmark installed?")
    command = [path, *map(str, arguments), "--benchmark_format=json", f"--benchmark_min_time={seconds}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0 or not done.stdout.strip():
        raise Failed(f"{program}: {(done.stderr.strip().splitlines() or ['no answer'])[-1]}")
    return json.loads(done.stdout)["benchmarks"]


def model(runtime, workload, data, seconds):
    """{rows: CPU microseconds per row}."""
    if not (DEPS / runtime).is_dir():
        raise Failed(f"{runtime} is not installed")
    part = MODELS[workload]
    path = data / part if part else ROOT / "examples" / "tweets" / "model" / "1"
    found = _run("bench_model_bench", runtime, path, seconds=seconds)
    return {int(b["name"].split("/")[1]): b["cpu_time"] / 1e3 / int(b["name"].split("/")[1]) for b in found}


def parse(workload, data, seconds):
    """CPU microseconds per record."""
    values = 1024  # as many as parse_bench reads at most; fewer when the file is shorter
    with (data / FILES[workload]).open() as file:
        values = min(values, sum(1 for _, _line in zip(range(values), file)))
    return _run("bench_parse_bench", workload, data / FILES[workload], seconds=seconds)[0]["cpu_time"] / 1e3 / values


def measure(data, workloads, seconds=0.3):
    """{workload: {"model": {runtime: {rows: µs}}, "parse_us": …}}; what cannot be had is a sentence instead."""
    out = {}
    for workload in [w for w in MODELS if w in workloads]:
        out[workload] = {"model": {}}
        for runtime in ("tensorflow", "openvino"):
            try:
                out[workload]["model"][runtime] = model(runtime, workload, data, seconds)
            except Failed as reason:
                out[workload]["model"][runtime] = str(reason)
        try:
            out[workload]["parse_us"] = parse(workload, data, seconds)
        except Failed as reason:
            out[workload]["parse_us"] = str(reason)
    return out
