"""The limits that a child process sets on itself before it opens a file that a stranger made."""

import os
import resource
import sys

_NICENESS = 5  # the bot answers first


def confine(*, memory_bytes_max: int, cpu_s_max: int, file_bytes_max: int, niceness: int = _NICENESS) -> None:
    """Bound this process for the rest of its life: what it goes over, it does not survive or does not get.

    Args:
        memory_bytes_max: of address space, which libraries and thread stacks count against too.
        cpu_s_max: seconds of processor time; then the kernel ends it.
        file_bytes_max: of any one file that it writes.
        niceness: how far it stands back for others.
    """
    os.nice(niceness)
    for kind, most in (
        (resource.RLIMIT_CPU, cpu_s_max),
        (resource.RLIMIT_FSIZE, file_bytes_max),
        (resource.RLIMIT_NOFILE, 32),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    if sys.platform == "linux":  # macOS maps more than this before it begins
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes_max, memory_bytes_max))
