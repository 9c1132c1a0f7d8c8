"""Runs one attack after the other on a server with its limits on, while members send messages."""

import multiprocessing
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.attacks import anonymous, members
from benchmarks.attacks.client import Target, WebSocket
from benchmarks.peers.maru import start as maru
from benchmarks.processes import command_of, family
from benchmarks.report import as_markdown, as_text
from benchmarks.setup import ROOT

Attack = Callable[[Target, float], None]

WORKERS = 2
#: Members whose messages are measured, and seconds between two messages of them all: each stays
#: well within the rate that one person has.
MEMBERS, PAUSE_S = 4, 0.06
#: Seconds between two attacks, and that one may take to end.
REST_S, END_TIMEOUT_S = 3.0, 30.0
#: Messages in the room, so that its history is long.
HISTORY, WORDS = 60, "maru " * 700
PAGE = ROOT / "docs" / "security.md"
START, END = "<!-- measured: bin/bench --attacks --write -->", "<!-- end of measured -->"

ATTACKS: list[Attack] = [
    anonymous.slow_heads,
    anonymous.slow_bodies,
    anonymous.long_names,
    anonymous.wrong_passwords,
    anonymous.pings,
    anonymous.events_before_connect,
    anonymous.polling_sessions,
    anonymous.kept_sessions,
    anonymous.pages,
    members.log_ins,
    members.never_polls,
    members.compressed_polls,
    members.http_history,
    members.never_reads,
    members.joins_in_a_loop,
    members.bad_calls,
    members.pings,
    members.small_fragments,
    members.invitations,
]


@dataclass
class Outcome:
    """``ms`` are what messages took; ``grown`` is the worst worker's growth in MB."""

    title: str
    ms: list[float]
    refused: int
    restarted: int
    grown: float


def run_attacks(seconds: float, only: list[str] | None, is_written: bool) -> None:
    """Print the table, and write it into docs/security.md if so asked."""
    chosen = [attack for attack in ATTACKS if not only or attack.__name__ in only]
    with tempfile.TemporaryDirectory(prefix="maru-attacks-") as path:
        # An account for each address, so that making them meets no limit.
        settings = {"TRUSTED_PROXIES": "1"}
        with maru.serving(Path(path), WORKERS, settings) as (root, port):
            outcomes = _run(root, port, chosen, seconds)
    rows = _rows(outcomes)
    print(as_text(rows))
    if is_written:
        _write(rows)


def _run(root: int, port: int, chosen: list[Attack], seconds: float) -> list[Outcome]:
    talkers = [maru.enrol(port, f"member-{i}", f"10.0.0.{i}") for i in range(MEMBERS)]
    tokens = [maru.enrol(port, f"attacker-{i}", f"10.0.1.{i}") for i in range(3)]
    room = maru.open_room(port, talkers[0], 1)
    target = Target(port, tokens, "attacker-0", maru.PASSWORD, room, "member-1")
    sockets = [WebSocket(port, token) for token in talkers]
    for index, talker in enumerate(sockets):
        talker.call("join", roomId=room)
        for _ in range(HISTORY // MEMBERS):
            talker.call("message", roomId=room, message=WORDS)
            time.sleep(0.05 if index else 0.03)
    outcomes = [_measured(root, sockets, target, None, seconds)]
    for attack in chosen:
        print(f"{time.strftime('%H:%M:%S')} {_title(attack)} ...", file=sys.stderr, flush=True)
        outcomes.append(_measured(root, sockets, target, attack, seconds))
        time.sleep(REST_S)
    return outcomes


def _measured(
    root: int, sockets: list[WebSocket], target: Target, attack: Attack | None, seconds: float
) -> Outcome:
    before = {pid: _resident(pid) for pid in _workers(root)}
    until = time.monotonic() + seconds
    attacker = None
    if attack is not None:
        # A process of its own, and a humble one: the machine of a real attacker is another.
        attacker = multiprocessing.get_context("spawn").Process(
            target=_attack, args=(attack, target, until), daemon=True
        )
        attacker.start()
    outcome = Outcome(_title(attack) if attack else "Nobody attacks", [], 0, 0, 0.0)
    while time.monotonic() < until:
        _talk(sockets, target, outcome)
    after = {pid: _resident(pid) for pid in _workers(root)}
    outcome.restarted = len(before.keys() - after.keys())
    outcome.grown = max([after[pid] - before[pid] for pid in after if pid in before], default=0)
    if attacker is not None:
        attacker.join(END_TIMEOUT_S)
        attacker.kill()
    return outcome


def _attack(attack: Attack, target: Target, until: float) -> None:
    os.nice(19)
    attack(target, until)


def _talk(sockets: list[WebSocket], target: Target, outcome: Outcome) -> None:
    for index, talker in enumerate(sockets):
        time.sleep(PAUSE_S)
        begun = time.monotonic()
        try:
            answer = talker.call("message", roomId=target.room, message="Is anybody here?")
            outcome.refused += not answer["ok"]
        except OSError:
            outcome.refused += 1
            sockets[index] = WebSocket(target.port, talker.token)
            sockets[index].call("join", roomId=target.room)
        outcome.ms.append((time.monotonic() - begun) * 1000)


def _workers(root: int) -> list[int]:
    return [pid for pid in family(root) if pid != root and "gunicorn" in command_of(pid)]


def _resident(pid: int) -> float:
    """MB of memory that a process has, or 0 when it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0


def _title(attack: Attack) -> str:
    return (attack.__doc__ or attack.__name__).strip().rstrip(".")


def _rows(outcomes: list[Outcome]) -> list[list[str]]:
    quiet = statistics.median(outcomes[0].ms)
    rows = [["while", "p50", "p95", "p50 to quiet", "not taken", "worker grew by", "restarts"]]
    for outcome in outcomes:
        ms = sorted(outcome.ms)
        p50, p95 = statistics.median(ms), ms[int(len(ms) * 0.95)]
        numbers = [f"{p50:.1f} ms", f"{p95:.1f} ms", f"{p50 / quiet:.1f}×"]
        counts = [str(outcome.refused), f"{outcome.grown:.0f} MB", str(outcome.restarted)]
        rows.append([outcome.title, *numbers, *counts])
    return rows


def _write(rows: list[list[str]]) -> None:
    page = PAGE.read_text("utf-8")
    when = f"Measured on {time.strftime('%-d %B %Y')}, two workers on {os.cpu_count()} cores."
    text = f"{START}\n\n{when}\n\n{as_markdown(rows)}\n\n{END}"
    between = re.compile(f"{re.escape(START)}.*{re.escape(END)}", re.DOTALL)
    PAGE.write_text(between.sub(lambda _: text, page), "utf-8")
