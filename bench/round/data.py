"""What the generator writes, and topics filled with it, each once a round."""

import hashlib
import json
import subprocess

from paths import BENCH, ROOT, Failed, say

IMAGE_RAW_BYTES = 3136
# workload -> its file, and the name of the topic's content
FILES = {
    "tabular": "tabular.jsonl",
    "image": "image.jsonl",
    "image-echo": "image.jsonl",
    "image-raw": "image-raw.bin",
    "tweets": "tweets.jsonl",
    "tabular-x10": "tabular-x10.jsonl",
}


def prepare(folder, workloads):
    """Generates what is missing; the hashes of the files, which are printed. Errors: Failed, when the generator or what it needs is not there."""
    files = [folder / FILES[w] for w in workloads] + [folder / "models" / "tabular" / "1" / "saved_model.pb"]
    if all(file.exists() for file in files):
        return _hashes(folder)
    install = BENCH / "peers" / "python-common" / "install"
    generator = BENCH / "workloads" / "generate.py"
    if not install.exists() or not generator.exists():
        raise Failed(f"data: expected {generator.relative_to(ROOT)}; got none; give a folder with --data")
    say(f"data: generating into {folder}")
    done = subprocess.run([install], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failed("data: the generator's Python packages cannot be installed; see the words above")
    python = done.stdout.strip().splitlines()[-1]
    if subprocess.run([python, generator, "--out", folder]).returncode != 0:
        raise Failed("data: the generator failed; see the words above")
    return _hashes(folder)


def _hashes(folder):
    """What the generator wrote of each file, held against the files: what was cut short or changed since is not measured."""
    path = folder / "HASHES"
    if not path.exists():
        raise Failed(f"data: expected {path}, which the generator writes; got none; delete the folder, and it is generated anew")
    found = {}
    for line in path.read_text().splitlines():
        wanted, name = line.split()[:2]
        if not (folder / name).exists():
            continue
        with (folder / name).open("rb") as file:
            got = hashlib.file_digest(file, "sha256").hexdigest()
        if got != wanted:
            raise Failed(f"data: {name}: expected SHA-256 {wanted} (HASHES beside it); got {got}; delete the folder, and it is generated anew")
        say(f"data: {name} {got[:16]}…")
        found[name] = got
    return found


def widen(folder, times=10):
    """tabular.jsonl with values ten times as long: a field more, that nobody reads."""
    target = folder / FILES["tabular-x10"]
    if target.exists():
        return
    with (folder / FILES["tabular"]).open() as source, target.open("w") as out:
        for number, line in enumerate(source):
            if number == 20000:
                break
            value = line.rstrip("\n")
            note = "x" * (len(value) * (times - 1) - 10)
            out.write(f'{value[:-1]},"note":{json.dumps(note)}}}\n')


class Topics:
    """Topics with a workload's records, filled when first asked for."""

    def __init__(self, broker, folder):
        self.broker, self.folder, self.filled = broker, folder, set()

    def file_options(self, workload):
        options = ["--file", self.folder / FILES[workload]]
        return options + (["--record-bytes", IMAGE_RAW_BYTES] if workload == "image-raw" else [])

    def input(self, workload, records, partitions):
        content = FILES[workload].split(".")[0]
        topic = f"{content}-{records}-{partitions}p"
        if topic not in self.filled:
            say(f"data: {records:,} records of {content} into {partitions} partitions")
            self.broker.load("create", topic, "--partitions", partitions)
            self.broker.load("fill", topic, *self.file_options(workload), "--records", records, wait=1800)
            self.filled.add(topic)
        return topic

    def drop(self, topic):
        self.broker.load("delete", topic)
        self.filled.discard(topic)
