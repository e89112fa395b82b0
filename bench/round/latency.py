"""An open loop: records at a fixed rate, each timed from when it should have been sent. See bench/load/open_loop.cpp."""

import json
import time

from contestant import Run
from paths import Failed, last_line


def open_loop(contestant, broker, topics, logs, *, workload, rate, seconds, warm_up, partitions=2, workers=1, patience=10):
    """One run; latencies in ms, CPU per event between the first and the last record that count. Errors: Failed."""
    stamp = time.monotonic_ns()
    source, target = f"in-{stamp}", f"out-{stamp}"
    broker.load("create", source, target, "--partitions", partitions)
    orders = {"workload": workload, "source": source, "target": target, "data": topics.folder, "workers": workers}
    options = ["--rate", rate, "--seconds", seconds, "--warm-up", warm_up, "--patience", patience, *topics.file_options(workload)]
    marks, result = {}, None
    path = logs / f"open-loop-{stamp}.log"
    with path.open("w") as log:
        load = None
        try:
            with Run(contestant, broker, logs, **orders) as run:
                load = broker.start_load("open-loop", source, target, *options, log=log)
                for line in load.stdout:
                    told = json.loads(line)
                    if told["event"] == "result":
                        result = told
                    else:
                        run.tree.look_again()
                        marks[told["event"]] = run.tree.sample()
                    run.must_live()
                load.wait()
                if result is None:
                    raise Failed(f"{last_line(path)}; {last_line(run.log)}")
                result["exit_code"] = run.stop()
        finally:
            if load is not None:
                load.kill()
                load.wait()
            broker.load("delete", source, target)
    return settle(result, marks["measuring"], marks["sent"])


def settle(result, first, last):
    """The sender's result, with the contestant's CPU and memory between the first and the last record that count (proc.Sample). The CPU is that of
    the records answered meanwhile: who falls behind has done less than what was sent."""
    if result["latency_ms"] is None or result["answered"] == 0:
        raise Failed("answered none of the records that count")
    cpu, compilers = last.cpu - first.cpu, last.compilers - first.compilers
    result["cpu_us"] = cpu / result["answered"] * 1e6
    result["cpu_us_without_compilers"] = (cpu - compilers) / result["answered"] * 1e6
    result["rss_mb"], result["peak_mb"] = last.rss / 1e6, last.peak / 1e6
    return result
