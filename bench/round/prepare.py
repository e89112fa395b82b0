"""What a round needs before it begins: messages and models by the generator, their hashes, and the Python that makes and judges them.

Messages need NumPy alone, which the round's own Python has. Models need TensorFlow and onnx; where these cannot be had, whoever needs no
model is measured all the same.
"""

import functools
import hashlib
import subprocess
import sys

from data import FILES
from paths import BENCH, ROOT, Failed, last_line, say

PARTS = {"tabular": "tabular", "image": "image", "image-echo": "image", "image-raw": "image", "tweets": "tweets"}
TWEETS_MODEL = ROOT / "examples" / "tweets" / "model" / "1"


@functools.cache
def python(logs):
    """The Python of bench/peers/python-common: (path, None); (None, why not) where it cannot be installed."""
    log = logs / "install-python-common.log"
    say("python-common: install (TensorFlow, onnx: for the models, and to check answers)")
    with log.open("w") as out:
        done = subprocess.run([BENCH / "peers" / "python-common" / "install"], stdout=subprocess.PIPE, stderr=out, text=True)
    if done.returncode != 0:
        return None, last_line(log)
    return done.stdout.strip().splitlines()[-1], None


def _generate(interpreter, folder, parts):
    """None, or the generator's last words where it failed."""
    say(f"data: generating {', '.join(parts)} into {folder}")
    command = [interpreter, BENCH / "workloads" / "generate.py", "--out", folder, "--only", ",".join(parts)]
    process = subprocess.Popen(command, stdout=sys.stderr, stderr=subprocess.PIPE, text=True)
    last = "it said nothing"
    for line in process.stderr:
        print(line, end="", file=sys.stderr, flush=True)
        last = line.strip() or last
    return last if process.wait() != 0 else None


def has_models(folder, workload):
    part = PARTS[workload]
    return part == "tweets" or all((folder / "models" / name).exists() for name in (f"{part}/1/saved_model.pb", f"{part}.onnx"))


def prepare(folder, workloads, logs):
    """Makes what is missing. Returns the hashes of all there is, and why there are no models (None: there are). Errors: Failed."""
    values = sorted({PARTS[w] for w in workloads if not (folder / FILES[w]).exists()})
    without_model = None
    if values and (failed := _generate(sys.executable, folder, values)):
        raise Failed(f"data: {failed}")
    if not all(has_models(folder, w) for w in workloads):
        interpreter, reason = python(logs)
        failed = reason or _generate(interpreter, folder, ["models"])
        without_model = failed and f"there is no model: {failed}"
    return hashes(folder, "tweets" in workloads), without_model


def _digest(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hashes(folder, with_tweets):
    """What the generator wrote of each file, held against the files: what was cut short or changed since is not measured."""
    path = folder / "HASHES"
    if not path.exists():
        raise Failed(f"data: expected {path}, which the generator writes; got none; delete the folder, and it is generated anew")
    found = {}
    for line in path.read_text().splitlines():
        wanted, name = line.split()[:2]
        if not (folder / name).exists():
            continue
        got = _digest(folder / name)
        if got != wanted:
            raise Failed(f"data: {name}: expected SHA-256 {wanted} (HASHES beside it); got {got}; delete the folder, and it is generated anew")
        found[name] = got
    if with_tweets:  # the example's own, which git has
        files = sorted(p for p in TWEETS_MODEL.rglob("*") if p.is_file())
        found |= {str(p.relative_to(ROOT)): _digest(p) for p in files}
    for name, got in found.items():
        say(f"data: {name} {got[:16]}…")
    return found
