"""Unpacks the files of a wheel that match one of the patterns, without the wheel's top folder.

    unpack_wheel.py WHEEL TARGET PATTERN...

Patterns are matched against the path in the wheel; `*` also crosses slashes. A pattern that matches nothing is
an error unless it is about licence files: a library that moved should fail here, not at the first model.
"""

import fnmatch
import os
import shutil
import sys
import zipfile


def main() -> int:
    wheel, target, *patterns = sys.argv[1:]
    unused = {p for p in patterns if ".dist-info/" not in p and "NOTICES" not in p}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            hits = [p for p in patterns if fnmatch.fnmatchcase(name, p)]
            if not hits or name.endswith("/"):
                continue
            unused.difference_update(hits)
            top, _, rest = name.partition("/")
            out = os.path.join(target, "licenses" if top.endswith(".dist-info") else "", rest)
            os.makedirs(os.path.dirname(out), exist_ok=True)
            with archive.open(name) as source, open(out, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
    for pattern in sorted(unused):
        print(f"{os.path.basename(wheel)}: nothing in it matches {pattern}", file=sys.stderr)
    return 1 if unused else 0


if __name__ == "__main__":
    sys.exit(main())
