"""Thousands of jobs in flight, each asked for every ten seconds: ours beside fal's and OpenAI's clients.

    python -m tests.bench.asking [--jobs N …] [--sdk-jobs N …] [--seconds S] [--tls]

Each line is one process (tests/bench/askers.py) at one provider for load (tests/bench/wire.py) in another.
The clients with the fewest jobs, and the hundreds that memory is counted from, are measured side by side,
since none of them takes a core; all others alone. "Owed" are the questions of all jobs every ten seconds.
Memory is what a job in flight adds to a hundred of them, with a book of the same length (of which SQLite
keeps 32 MB in memory, whoever runs). The clients are measured from outside, for as long as ours: one that
never comes round to its own clock is told by what the provider answered it.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bench.askers import OURS, SDKS, SETTLED_AFTER_S
from tests.bench.parts import EVERY_S, counted, wire
from tests.bench.resident import resident_mib

FEW = 100
WITHIN_S = 120.0
BEGUN_WITHIN_S = 20
NAMES = {
    "fal": "ours, fal",
    "openai": "ours, openai",
    "fal_client": "fal_client 1.0.3",
    "openai_sdk": "openai 3.52.0",
}


async def certified(folder: Path) -> tuple[str, str]:
    """A certificate for this machine's own address, made by openssl, and its key."""
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    made = await asyncio.create_subprocess_exec(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
        *("-keyout", key, "-out", cert),
        stderr=asyncio.subprocess.DEVNULL,
    )
    if await made.wait():
        raise RuntimeError("openssl made no certificate")
    return cert, key


@asynccontextmanager
async def asker(
    way: str, count: int, *more: str, tls: bool
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """One process that asks, and the address that it asks at; killed at the end."""
    with tempfile.TemporaryDirectory() as kept:
        options, environment = [], dict(os.environ)
        if tls:
            cert, key = await certified(Path(kept))
            options, environment["SSL_CERT_FILE"] = ["--tls", cert, key], cert
        async with wire(*options) as url:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-W", "ignore::DeprecationWarning", "-m", "tests.bench.askers", way),
                *("--url", url, "--jobs", str(count), *more),
                stdout=asyncio.subprocess.PIPE,
                env=environment,
            )
            try:
                yield process, url
            finally:
                if process.returncode is None:
                    process.kill()
                await process.wait()


async def measured(way: str, count: int, seconds: float, *, tls: bool, book: int = 0) -> dict[str, float]:
    """Our numbers; none where it did not get so far in time. `book` is of so many jobs at least."""
    more = ("--seconds", str(seconds), "--book", str(book))
    async with asker(way, count, *more, tls=tls) as (process, _):
        assert process.stdout is not None
        try:
            async with asyncio.timeout(WITHIN_S + seconds):
                told: dict[str, float] = json.loads(await process.stdout.readline())
                return told
        except TimeoutError:
            return {}


async def watched(way: str, count: int, seconds: float, *, tls: bool) -> dict[str, float]:
    """A client's numbers, of the time after the first round, however few it has asked by then."""
    async with asker(way, count, tls=tls) as (process, url):
        for _ in range(BEGUN_WITHIN_S):
            if any((await counted(url)).values()):
                break
            await asyncio.sleep(1.0)
        await asyncio.sleep(SETTLED_AFTER_S)
        asked, used, began = (await counted(url))["asked"], cpu_s_of(process.pid), time.monotonic()
        await asyncio.sleep(seconds)
        took, used = time.monotonic() - began, cpu_s_of(process.pid) - used
        asked = (await counted(url))["asked"] - asked
        return {
            "cpu_percent": 100 * used / took,
            "cpu_us": 1e6 * used / asked if asked else float("inf"),
            "asked": asked,
            "asked_a_second": asked / took,
            "owed": count * took / EVERY_S,
            "resident_mib": resident_mib(process.pid),
        }


def cpu_s_of(pid: int) -> float:
    """What a process has used until now, in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def report(
    ours: Sequence[int] = (10_000,),
    sdks: Sequence[int] = (1_000,),
    seconds: float = 5.0,
    *,
    tls: bool = False,
    together: bool = False,
) -> None:
    """Print a line for each way and number of jobs, with what else the machine was doing.

    With `together` our two protocols are measured side by side, then the two clients: two cores are enough.
    """
    few = {
        (way, count): asyncio.create_task(measured(way, FEW, seconds, tls=tls, book=count))
        for way in OURS
        for count in ours
    }
    few |= {(way, 0): asyncio.create_task(watched(way, FEW, seconds, tls=tls)) for way in SDKS}
    many: dict[tuple[str, int], dict[str, float]] = {}
    if together:
        for ways, counts, measure in ((OURS, ours, measured), (SDKS, sdks, watched)):
            pairs = [(way, count) for way in ways for count in counts]
            told_of = await asyncio.gather(*(measure(*pair, seconds, tls=tls) for pair in pairs))
            many |= dict(zip(pairs, told_of, strict=True))
    await asyncio.gather(*few.values())
    for way in (*OURS, *SDKS):
        for count in ours if way in OURS else sdks:
            load = os.getloadavg()[0]
            if (way, count) in many:
                told = many[way, count]
            elif way in OURS:
                told = await measured(way, count, seconds, tls=tls)
            else:
                told = await watched(way, count, seconds, tls=tls)
            floor = await few[way, count if way in OURS else 0]
            print(line(way, count, floor, told, load, tls=tls), flush=True)


def line(
    way: str, count: int, few: dict[str, float], told: dict[str, float], load: float, *, tls: bool
) -> str:
    """What one process did, beside one of a hundred jobs."""
    what = f"asking{' with TLS' if tls else ''}, {NAMES[way]:<16}, {count:>6,} jobs"
    if not told or not few:
        return f"{what}: no result in time"
    owed = told["asked_a_second"] * EVERY_S / count
    share = f"{owed:4.0%} of those owed"
    if way in SDKS:
        share += f" ({told['asked']:,.0f} of {told['owed']:,.0f})"
    kib = (told["resident_mib"] - few["resident_mib"]) * 1024 / (count - FEW)
    late = ""
    if way in OURS:
        late = f"  late p99 {told['late_p99_ms']:.1f} ms  loop late p99 {told['lag_p99_ms']:.1f} ms"
    return (
        f"{what}: {told['cpu_percent']:5.1f} % of a core  {told['cpu_us']:6.0f} us a question  "
        f"{share}  {kib:5.2f} KiB a job{late}  (load before: {load:.1f})"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Thousands of jobs in flight.")
    parser.add_argument("--jobs", type=int, nargs="*", default=[10_000, 50_000])
    parser.add_argument("--sdk-jobs", type=int, nargs="*", default=[1_000, 5_000, 10_000])
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--tls", action="store_true")
    asked = parser.parse_args()
    asyncio.run(report(asked.jobs, asked.sdk_jobs, asked.seconds, tls=asked.tls))
