"""``bin/verify``: its options, and its report."""

import argparse
import asyncio
import contextlib
import pickle
import secrets
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from verify import plan, plants, report
from verify.history import Violation
from verify.run import Run

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    options = _options()
    faults = _faults(options.faults)
    workload = plan.Workload(
        seconds=options.seconds,
        clients=options.clients,
        rooms=options.rooms,
        rate=options.rate,
        faults=faults,
    )
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    planned = plan.make(seed, workload)
    print(report.heading(planned, workload, options.workers), flush=True)
    try:
        return asyncio.run(_verify(planned, options))
    except KeyboardInterrupt:
        print(f"Interrupted; repeat with --seed {seed}.", file=sys.stderr)
        return 130


async def _verify(planned: plan.Plan, options: argparse.Namespace) -> int:
    task = asyncio.current_task()
    assert task
    with contextlib.ExitStack() as stack:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        folder = options.keep or stack.enter_context(
            tempfile.TemporaryDirectory(prefix="maru-verify-", ignore_cleanup_errors=True)
        )
        Path(folder).mkdir(parents=True, exist_ok=True)
        source = plants.planted(ROOT, Path(folder), options.plant) if options.plant else ROOT
        run = Run(planned, source, Path(folder), options.workers, not options.quiet)
        try:
            violations = await run.go(options.seconds)
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
        except OSError as error:
            violations = [Violation(str(error), rule="everything_settles")]
        finally:
            if options.keep:
                (Path(folder) / "history.pickle").write_bytes(pickle.dumps(run.history))
    print(report.summary(run.history, violations, planned.seed), flush=True)
    return 1 if violations else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/verify",
        description="Starts Maru, lets many clients talk in it while its parts are killed, stopped"
        " and cut off, and checks what they received by docs/guarantees.md.",
    )
    add = parser.add_argument
    add("--seed", type=int, help="repeat the plan of this seed (default: a new one)")
    add("--seconds", type=float, default=60, help="how long (default: 60)")
    add("--workers", type=int, default=3, help="workers of Maru (default: 3)")
    add("--clients", type=int, default=60, help="clients that talk (default: 60)")
    add("--rooms", type=int, default=8, help="rooms that they talk in (default: 8)")
    add("--rate", type=float, default=25, help="what all together do in a second (default: 25)")
    add("--faults", default="all", help=f"all, none, or some of {','.join(plan.FAULTS)}")
    add("--plant", choices=plants.PLANTS, help="plant this bug in a copy of Maru, to be found")
    add(
        "--keep", metavar="FOLDER", help="keep Maru's data and log, and the history, in this folder"
    )
    add("--quiet", action="store_true", help="print the heading and the report only")
    return parser.parse_args()


def _faults(given: str) -> Sequence[str]:
    if given in ("all", "none"):
        return tuple(plan.FAULTS) if given == "all" else ()
    faults = given.split(",")
    for fault in faults:
        if fault not in plan.FAULTS:
            sys.exit(f"maru: {fault} is no fault; there are {', '.join(plan.FAULTS)}")
    return faults


if __name__ == "__main__":
    sys.exit(main())
