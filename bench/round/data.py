"""What the generator writes, and topics filled with it, each once a round."""

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
    """Generates what is missing. Errors: Failed, when the generator or what it needs is not there."""
    files = [folder / FILES[w] for w in workloads] + [folder / "models" / "tabular" / "1" / "saved_model.pb"]
    if all(file.exists() for file in files):
        return
    install = BENCH / "peers" / "python-common" / "install"
    generator = BENCH / "workloads" / "generate.py"
    if not install.exists() or not generator.exists():
        raise Failed(f"data: expected {generator.relative_to(ROOT)}; got none; give a folder with --data")
    say(f"data: generating into {folder}")
    done = subprocess.run([install], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failed("data: the generator's Python packages cannot be installed; see the words above")
    python = done.stdout.strip().splitlines()[-1]
    subprocess.run([python, generator, "--out", folder], check=True)


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
