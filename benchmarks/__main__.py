"""bin/bench: measures, and prints the tables. Progress goes to standard error."""

import argparse
import json
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

import tools
from benchmarks.measure import Terms
from benchmarks.report import as_text, remark, shares_of_a_core, tables
from benchmarks.run import PEERS, Results, run
from benchmarks.scenarios import FULL, QUICK, Scenario
from benchmarks.setup import CACHE, MissingError, load_program

#: Open files of a server with 15,000 clients, with those that are no sockets of clients.
OPEN_FILES = 65536


def main() -> None:
    options = _options()
    if not sys.platform.startswith("linux"):
        sys.exit("maru: The benchmarks need Linux: epoll, /proc, and a choice of processors.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    _allow_many_files()
    scenarios = [] if options.attacks or options.pages else _chosen(options)
    try:
        if options.pages:
            from benchmarks.pages.run import run_pages

            run_pages(options.write)
            return
        if options.attacks:
            from benchmarks.attacks.run import run_attacks

            run_attacks(options.seconds or 8, options.only_attacks, options.write)
            return
        load_program()
        terms = Terms(1, options.seconds or (3 if options.quick else 4), options.window)
        results = run(options.only, scenarios, terms)
        _keep(results, options.out)
        _print(results, scenarios)
        if options.write:
            from benchmarks.docs_page import write

            write(results, scenarios)
    except (MissingError, tools.SetupError) as error:
        sys.exit(f"maru: {error}")
    except KeyboardInterrupt:
        sys.exit("maru: Interrupted; everything that was started is ended.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description="Maru beside its peers.")
    parser.add_argument("--quick", action="store_true", help="the main numbers, in a minute")
    parser.add_argument("--only", metavar="PEER,…", help=f"of {', '.join(PEERS)}")
    parser.add_argument("--scenario", metavar="NAME,…", help="of those that --list shows")
    parser.add_argument("--list", action="store_true", help="list the scenarios, and end")
    parser.add_argument("--seconds", type=float, help="how long each talk is measured")
    parser.add_argument("--window", type=int, default=4, help="messages in flight of each sender")
    parser.add_argument("--out", metavar="FOLDER", type=Path, default=CACHE, help="of results.json")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md, too")
    parser.add_argument("--attacks", action="store_true", help="a member's wait under attack")
    parser.add_argument("--pages", action="store_true", help="how soon rooms open in a browser")
    options = parser.parse_args()
    if options.list:
        print(as_text([[s.name, s.title] for s in FULL]))
        sys.exit()
    options.only_attacks = options.scenario.split(",") if options.scenario else None
    if options.attacks or options.pages:
        return options
    if options.write and (options.quick or options.only or options.scenario):
        parser.error("--write takes a full run")
    everybody = PEERS[:3] if options.quick else PEERS
    options.only = options.only.split(",") if options.only else everybody
    if unknown := set(options.only) - set(PEERS):
        parser.error(f"no such peer: {', '.join(unknown)}")
    return options


def _chosen(options: argparse.Namespace) -> list[Scenario]:
    offered = QUICK if options.quick else FULL
    if not options.scenario:
        return offered
    by_name = {scenario.name: scenario for scenario in offered}
    if unknown := [name for name in options.scenario.split(",") if name not in by_name]:
        sys.exit(f"maru: no such scenario: {', '.join(unknown)}; bin/bench --list shows them")
    return [by_name[name] for name in options.scenario.split(",")]


def _allow_many_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (max(OPEN_FILES, most), most):
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
            return


def _keep(results: Results, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results, indent=1))


def _print(results: Results, scenarios: list[Scenario]) -> None:
    for title, rows in tables(results, scenarios):
        if len(rows) > 1:
            print(f"\n{title}\n\n{as_text(rows)}")
    if len(rows := shares_of_a_core(results)) > 1:
        print(f"\nWho was busy\n\n{as_text(rows)}")
    if words := remark(results, scenarios):
        print(f"\n{words}")


if __name__ == "__main__":
    main()
