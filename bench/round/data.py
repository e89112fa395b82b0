"""What the generator writes (prepare.py has it made), and topics filled with it, each once a round."""

import json

from paths import say

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

    def name(self, workload, records, partitions):
        return f"{FILES[workload].split('.')[0]}-{records}-{partitions}p"

    def input(self, workload, records, partitions):
        topic = self.name(workload, records, partitions)
        if topic not in self.filled:
            say(f"data: {records:,} records of {workload} into {partitions} partitions")
            self.broker.load("create", topic, "--partitions", partitions)
            self.broker.load("fill", topic, *self.file_options(workload), "--records", records, wait=1800)
            self.filled.add(topic)
        return topic

    def drop(self, topic):
        if topic in self.filled:
            self.broker.load("delete", topic)
            self.filled.discard(topic)
