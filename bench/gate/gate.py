#!/usr/bin/env python3
"""Counts the instructions per record of decode, features and encode under callgrind, and compares them with baseline.json.

    script/bench --gate              fails when one has grown by more than 10 %
    script/bench --gate --update     writes the numbers of now; commit them with the change that explains them
    script/bench --gate --no-build   takes build/ci as it is

Instructions do not depend on what else a machine does. What would depend on its processor is pinned: simdjson's choice of
implementation, and the C library's of memcpy and its like, both to what every x86-64 processor of the last fifteen years has.
They do depend on the compiler, so the file says which one made it.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRESET = "ci"
BUILD = ROOT / "build" / PRESET
BASELINE = Path(__file__).with_name("baseline.json")
STAGES = sorted(path.stem for path in Path(__file__).parent.glob("*.cpp"))
GROWTH_MAX = 0.10
PINNED = {
    "SIMDJSON_FORCE_IMPLEMENTATION": "westmere",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-AVX512VL,-AVX512BW,-BMI1,-BMI2,-LZCNT,-MOVBE,-FMA,-FMA4,-ERMS,-FSRM,"
    "-RTM,-AVX_Fast_Unaligned_Load,-AVX2_Usable,-Prefer_No_VZEROUPPER:"
    "glibc.cpu.x86_non_temporal_threshold=0xc0000:glibc.cpu.x86_rep_movsb_threshold=0x100000",
}  # fmt: skip


def instructions(stage):
    """Instructions per record of one stage."""
    out = BUILD / "gate" / f"{stage}.callgrind"
    out.parent.mkdir(parents=True, exist_ok=True)
    command = [
        "valgrind", "--tool=callgrind", "--toggle-collect=gate_stage", "--collect-atstart=no",
        f"--callgrind-out-file={out}", BUILD / f"gate_{stage}",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **PINNED}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        words = [line for line in done.stderr.splitlines() if not re.match(r"==\d+==\s+\S*\s*refs|==\d+==\s*$", line)]
        sys.exit(f"gate: {stage} ended with {done.returncode}: {(words or ['without a word'])[-1]}")
    total = re.search(r"^(?:totals|summary): (\d+)", out.read_text(), re.MULTILINE)
    if total is None or int(total[1]) == 0:
        sys.exit(f"gate: {stage}: expected a count of gate_stage(); got none in {out}; was it inlined?")
    return int(total[1]) / int(done.stdout)


def compiler():
    """The one that made the build, not the one that is first in the path."""
    cache = (BUILD / "CMakeCache.txt").read_text()
    path = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", cache, re.MULTILINE)[1]
    return subprocess.run([path, "--version"], stdout=subprocess.PIPE, text=True).stdout.splitlines()[0]


def build():
    targets = [argument for stage in STAGES for argument in ("--target", f"gate_{stage}")]
    subprocess.run([ROOT / "script" / "build", "--preset", PRESET, *targets], check=True, stdout=sys.stderr)


def judge(found, baseline):
    """Prints a line a stage; returns those that have grown too much, or are not in the file."""
    grown = []
    for stage, count in found.items():
        before = baseline["instructions_per_record"].get(stage)
        change = count / before - 1 if before else None
        bad = change is None or change > GROWTH_MAX
        note = "not in the file" if change is None else f"{change:+7.1%}" + ("  TOO MUCH" if bad else "")
        if change is not None and change < -GROWTH_MAX:
            note += "  (better: --update keeps it so)"
        print(f"{stage:18} {count:12,.1f} instructions a record  {note}")
        grown += [stage] if bad else []
    return grown


def main():
    parser = argparse.ArgumentParser(prog="script/bench --gate", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--update", action="store_true", help="write the numbers of now")
    parser.add_argument("--no-build", action="store_true", help=f"take build/{PRESET} as it is")
    options = parser.parse_args()
    if not options.no_build:
        build()
    began = time.monotonic()
    try:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = dict(zip(STAGES, pool.map(instructions, STAGES)))
    except FileNotFoundError as missing:
        sys.exit(f"gate: expected {missing.filename}; got none; try script/bootstrap (apt-get install valgrind)")
    print(f"counted in {time.monotonic() - began:.0f} s", file=sys.stderr)
    made_by = compiler()
    if options.update:
        facts = {"compiler": made_by, "preset": PRESET, "instructions_per_record": {s: round(n, 1) for s, n in found.items()}}
        BASELINE.write_text(json.dumps(facts, indent=2) + "\n")
        print(f"written: {BASELINE.relative_to(ROOT)}")
        return
    if not BASELINE.exists():
        sys.exit("gate: expected bench/gate/baseline.json; got none; make it with script/bench --gate --update")
    baseline = json.loads(BASELINE.read_text())
    if baseline["compiler"] != made_by:
        print(f"gate: the numbers were made by {baseline['compiler']}, this build by {made_by}", file=sys.stderr)
    if grown := judge(found, baseline):
        sys.exit(
            f"gate: expected at most {GROWTH_MAX:.0%} more instructions a record; {', '.join(grown)} took more; make it cheaper, or say "
            "why in the commit that runs script/bench --gate --update"
        )


if __name__ == "__main__":
    main()
