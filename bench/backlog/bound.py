"""The most memory that a pipeline's settings allow it beside what it takes when idle.

docs/operating.md, "Back-pressure and memory", has the same sum in words.
"""

KIB, MIB = 1 << 10, 1 << 20
ALLOCATOR = 1.25  # malloc keeps some of what was freed, and threads keep their own
CLIENT_BYTES = 400  # what librdkafka allocates for a message beside its bytes
DEFAULTS = {  # the pipeline's, in bytes
    "memory_max": 64 * MIB,
    "batch.rows_max": 1024,
    "batch.bytes_max": 16 * MIB,
    "batch.in_flight": 2,
    "queue.buffering.max.kbytes": 64 * KIB,
    "queued.max.messages.kbytes": 4 * KIB,
    "fetch.message.max.bytes": MIB,
}


def _setting(o, name):
    for words in o.set:
        path, _, value = words.partition("=")
        if path == name or path.endswith("kafka." + name):
            for unit, factor in (("KiB", KIB), ("MiB", MIB), ("GiB", KIB * MIB)):
                if value.endswith(unit):
                    return int(value.removesuffix(unit)) * factor
            return int(value)
    return DEFAULTS[name]


def bound_of(o, delivery):
    def of(name):
        return _setting(o, name)

    stepping = min(of("batch.bytes_max"), of("batch.rows_max") * (o.record_bytes + CLIENT_BYTES))
    producers = o.workers if delivery == "exactly_once" else 1
    fetched = o.partitions * (of("queued.max.messages.kbytes") * KIB + of("fetch.message.max.bytes"))
    parts = [
        of("memory_max"),
        o.workers * of("batch.in_flight") * stepping,
        producers * of("queue.buffering.max.kbytes") * KIB,
        int(fetched * (1 + CLIENT_BYTES / o.record_bytes)),
    ]
    return int(ALLOCATOR * sum(parts))
