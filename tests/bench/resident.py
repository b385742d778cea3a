"""What a process has in memory, as the kernel counts it; this imports nothing, so as not to add to it."""

from pathlib import Path


def resident_mib(pid: int) -> float:
    """Now."""
    return _counted_mib(f"/proc/{pid}/status", "VmRSS:")


def peak_mib() -> float:
    """The most that this process ever had; `ru_maxrss` would count that of whoever started it."""
    return _counted_mib("/proc/self/status", "VmHWM:")


def _counted_mib(path: str, name: str) -> float:
    for line in Path(path).read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no such process: {path}")
