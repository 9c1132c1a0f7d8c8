"""What is printed: the plan in a line, and at the end what was done, and what is wrong."""

from collections import Counter
from collections.abc import Sequence

from verify.checks import CHECKS
from verify.checks.index import is_ok, sayings
from verify.history import History, Violation
from verify.plan import Plan, Workload

#: Violations that are shown in full.
MAX_SHOWN = 5


def heading(plan: Plan, workload: Workload, workers: int) -> str:
    kinds = len(workload.faults) if workload.faults else "no"
    return (
        f"Seed {plan.seed}: {len(plan.seats)} clients in {plan.rooms} rooms on {workers} workers,"
        f" about {workload.seconds:.0f} s in {len(plan.rounds)} rounds, {kinds} kinds of faults"
    )


def summary(history: History, violations: Sequence[Violation], seed: int) -> str:
    lines = []
    for violation in violations[:MAX_SHOWN]:
        lines += ["", f"VIOLATED  {violation.rule}: {violation.text}"]
        lines += [f"  {line}" for line in violation.excerpt]
    if len(violations) > MAX_SHOWN:
        lines += ["", f"and {len(violations) - MAX_SHOWN} more"]
    kinds = Counter(event.kind for event in history.events)
    said = {(e.client, c) for e, _, c in sayings(history.answers()) if is_ok(e)}
    faults = Counter(fault.kind for fault in history.faults)
    removed = Counter(removal.how for removal in history.removals)
    changed = {
        **removed,
        "renamed": sum(renaming.called > 0 for renaming in history.renamings),
        "given a role": len(history.role_changes),
        "asked for a direct room": len(history.direct_calls),
    }
    late = sum(ended - began for began, ended in history.slow) / 1000
    lines += [
        "",
        f"acknowledged  {len(said)} messages, edits, deletions and reactions",
        f"checked       {kinds['received']} deliveries, {kinds['shown']} shown,"
        f" {len(history.channel_log)} things told by the store",
        f"people        {', '.join(f'{what} {n}' for what, n in changed.items())}",
        f"connections   {kinds['open']}, settled states {len(history.settled_states)}",
        f"faults        {', '.join(f'{kind} {n}' for kind, n in sorted(faults.items())) or 'none'}",
        f"checks        {len(CHECKS)}",
        *([f"The machine was too slow for the checker for {late:.0f} s."] if late else []),
        "",
    ]
    rules = ", ".join(sorted({violation.rule for violation in violations}))
    lines.append(f"seed {seed}: " + (f"VIOLATED: {rules}" if violations else "nothing is wrong"))
    return "\n".join(lines)
