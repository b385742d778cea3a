"""Measurements one after another, each in a process of its own, with what it printed and how long it took."""

import os
import subprocess
import time
from collections.abc import Iterable, Sequence
from math import inf
from typing import TextIO

from tests.bench.results import Results, Took


def alone(command: Sequence[str], out: TextIO) -> tuple[list[str], Took, bool]:
    """Run one as a process of its own: its lines, how long it took, and whether it ended well."""
    began, lines = time.monotonic(), list[str]()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            out.write(line)
            out.flush()
            lines.append(line.rstrip("\n"))
        # Not `wait`: only this says what the process used, and all those that it waited for.
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = Took(seconds=time.monotonic() - began, cpu_s=used.ru_utime + used.ru_stime)
    return lines, took, process.returncode == 0


def measured(
    names: Iterable[str], command: Sequence[str], out: TextIO, *, within_s: float = inf
) -> tuple[Results, list[str]]:
    """All of them, and the names of those that broke off.

    Args:
        command: runs one, when its name is added.
        within_s: what is to be said if they take longer.
    """
    run, broken = Results(), []
    for name in names:
        run.parts[name], run.took[name], ended_well = alone([*command, name], out)
        if not ended_well:
            broken.append(name)
        print(run.times()[-2], file=out, flush=True)
    late = f", more than {within_s:g} s" if run.whole.seconds > within_s else ""
    print(run.times()[-1] + late, file=out, flush=True)
    return run, broken
