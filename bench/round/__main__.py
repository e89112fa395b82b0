"""Runs a round; script/bench starts it with its own Python and says what the options mean."""

import argparse
import signal
import sys
from pathlib import Path

import ceilings
import plots
import report
from broker import Broker
from checks import Checks
from contestant import all_contestants
from data import FILES, Topics
from paths import BUILD, Failed, say
from plan import Plan
from prepare import has_models, prepare, python
from progress import Progress
from results import Results

WORKLOADS = ["tabular", "image", "image-echo", "image-raw", "tweets"]
PHASES = ["drain", "latency", "growth", "ceilings"]


def some_of(known):
    def read(text):
        chosen = text.split(",")
        if unknown := [c for c in chosen if c not in known]:
            raise argparse.ArgumentTypeError(f"expected some of {', '.join(known)}; got {', '.join(unknown)}")
        return chosen

    return read


def variant_of(known):
    def read(text):
        name, _, rest = text.partition(":")
        label, _, settings = rest.partition(":")
        pairs = [pair.partition("=") for pair in settings.split(";") if pair]
        if name not in known or not label or not pairs or not all(equals for _, equals, _ in pairs):
            raise argparse.ArgumentTypeError(f"expected NAME:LABEL:VARIABLE=VALUE[;VARIABLE=VALUE…]; got {text}")
        return name, label, {variable: value for variable, _, value in pairs}

    return read


def positive(kind):
    def read(text):
        number = kind(text)
        if not number > 0:
            raise argparse.ArgumentTypeError(f"expected more than 0; got {text}")
        return number

    return read


def arguments(names, given):
    parser = argparse.ArgumentParser(prog="script/bench", usage="see script/bench --help", allow_abbrev=False)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", type=some_of(names), default=names)
    parser.add_argument("--variant", type=variant_of(names), action="append", default=[])
    parser.add_argument("--workload", type=some_of(WORKLOADS))
    parser.add_argument("--phase", type=some_of(PHASES))
    parser.add_argument("--pairs", type=positive(int))
    parser.add_argument("--records", type=positive(int))
    parser.add_argument("--seconds", type=positive(float))
    parser.add_argument("--warm-up", type=positive(float))
    parser.add_argument("--no-verify", action="store_true")
    parser.add_argument("--data", type=Path, default=BUILD.parent / "bench-data")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--merge", type=Path, nargs="+")
    parser.add_argument("--resume", type=Path)
    options = parser.parse_args(given)
    options.workload = options.workload or (WORKLOADS if options.full else ["tabular", "image"])
    options.phase_given = options.phase is not None
    options.phase = options.phase or (PHASES if options.full else [p for p in PHASES if p != "growth"])
    options.seconds = options.seconds or (60 if options.full else 12)
    options.data = options.data.resolve()
    return options


def make_ready(options, contestants, results):
    """Data, models and contestants. Who cannot have what it needs is not measured, and said to be so; the others go on."""
    needs = [w for w in options.workload if w in FILES]
    if "growth" in options.phase and "tabular" not in needs:
        needs.append("tabular")
    results.all["data"], without_model = prepare(options.data, list(dict.fromkeys([*needs, "tabular"])), results.logs)
    for c in contestants:
        for workload in needs:
            if without_model and c.answers and not has_models(options.data, workload):
                c.cannot[workload] = without_model
        c.install(results.logs)


def run(options, contestants, results):
    results.all["contestants"] = {
        c.name: {"title": c.title, "versions": c.versions, "reason": c.reason, "cannot": c.cannot} for c in contestants
    }
    if "ceilings" in options.phase and not results.all["ceilings"]:
        say("ceilings: the model and the parse alone")
        results.all["ceilings"] = ceilings.measure(options.data, options.workload)
        results.write()
    if set(options.phase) == {"ceilings"}:
        return
    interpreter, reason = (None, "--no-verify") if options.no_verify else python(results.logs)
    results.all["unchecked"] = reason  # why no answers are compared; None: they are
    with Broker() as broker:
        progress = Progress()
        checks = Checks(broker, options.data, results, progress, interpreter) if interpreter else None
        Plan(options, contestants, broker, Topics(broker, options.data), results, progress).run(checks)


def tell(results, contestants):
    """Writes, prints and draws what was found, also of a round that was broken off."""
    results.write()
    text = report.text(results, contestants)
    (results.folder / "report.md").write_text(text)
    print(text)
    plots.draw(results, [c.name for c in contestants])
    say(f"results, plots and logs: {results.folder}")


def stop(*_):
    """Contestants, clients and the broker are ended on the way out; a second signal must not disturb that."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main():
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    known = all_contestants()
    names = [c.name for c in known]
    options, results = arguments(names, sys.argv[1:]), None
    if options.resume:
        if len(sys.argv) != (2 if "=" in sys.argv[1] else 3):
            raise Failed("--resume: expected the folder of a round and no other option, since it goes on with its own; got more")
        results = Results.resumed(options.resume.resolve())
        options = arguments(names, results.all["arguments"])
    contestants = [c for c in known if c.name in options.only]
    by_name = {c.name: c for c in known}
    contestants += [by_name[name].variant(label, environment) for name, label, environment in options.variant]
    if options.merge:
        tell(Results.merged(options.out, options.merge), contestants)
        return
    results = results or Results(options.out)
    make_ready(options, contestants, results)
    try:
        run(options, contestants, results)
    finally:
        tell(results, contestants)


if __name__ == "__main__":
    try:
        main()
    except Failed as reason:
        sys.exit(f"error: {reason}")
    except KeyboardInterrupt:
        sys.exit(130)
