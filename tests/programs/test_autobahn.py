"""The cases of the Autobahn test suite, run by kosoku against Maru's own transport."""

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from kosoku import FailureError, run_fuzzingclient

from tests.live.cluster import ROOT
from tests.ports import free_port

#: Messages longer than Maru takes (128 KiB), and compression, which Maru declines.
BEYOND = [
    *(f"9.{part}.{case}" for part in (1, 2) for case in range(2, 7)),
    *("9.3.*", "9.4.*", "9.5.*", "9.6.*", "12.*", "13.*"),
]


@pytest.fixture
def echo():
    port = free_port()
    command = [sys.executable, "-m", "tests.programs.echo_server", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout.readline() == "ready\n"
        yield f"ws://127.0.0.1:{port}"
        server.kill()


def run(address, cases, concurrency):
    """The results of these cases, of all but those beyond if there are none named."""

    async def fuzz():
        return await run_fuzzingclient(
            address, cases=cases, exclude_cases=BEYOND, concurrency=concurrency
        )

    try:
        # Playwright, which other tests use, keeps an event loop running in this thread.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, fuzz()).result()
    except FailureError as failure:
        return failure.results


def test_the_transport_passes_every_case(echo):
    results = run(echo, None, 8)
    assert len(results) > 200
    failed = [result for result in results if not result.passed]
    # A case has a second or so for each answer; on a machine that is busy some need another try.
    for _ in range(3):
        if failed:
            again = run(echo, [result.case_id for result in failed], 1)
            failed = [result for result in again if not result.passed]
    assert not failed, "\n".join(map(str, failed))
