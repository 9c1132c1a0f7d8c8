"""The cases of the Autobahn test suite, run by kosoku against Maru's own transport."""

import asyncio
import subprocess
import sys

import pytest
from kosoku import FailureError, run_fuzzingclient

from tests.live.cluster import ROOT, free_port

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


def test_the_transport_passes_every_case(echo):
    async def run():
        return await run_fuzzingclient(echo, exclude_cases=BEYOND, concurrency=8)

    try:
        results = asyncio.run(run())
    except FailureError as failure:
        failed = [r for r in failure.results if "FAIL" in str(r).upper()]
        pytest.fail("\n".join(map(str, failed)))
    assert len(results) > 200
