"""What the image contains, as a bill of materials, and under which licences: `make sbom`."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


def packages(lock: Path = ROOT / "requirements.lock") -> list[str]:
    """The names in a lock file."""
    return re.findall(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", lock.read_text("utf-8"), re.MULTILINE)


def run(command: str, *arguments: str) -> None:
    """A tool of the development environment, in the project's folder."""
    subprocess.run([str(BIN / command), *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def write(into: Path) -> list[Path]:
    """Write both files; what was written."""
    into.mkdir(parents=True, exist_ok=True)
    into = into.resolve()
    bill, licences = into / "sbom.cdx.json", into / "licences.md"
    bom = ("cyclonedx-py", "requirements", "--pyproject", "pyproject.toml", "--mc-type", "application")
    run(*bom, "--output-reproducible", "--output-file", str(bill), "requirements.lock")
    read = ("pip-licenses", "--python", sys.executable, "--format", "markdown", "--with-urls")
    run(*read, "--output-file", str(licences), "--packages", *packages())
    return [bill, licences]


if __name__ == "__main__":
    for written in write(Path(sys.argv[1])):
        print(written)
