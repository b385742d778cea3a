"""What can be proven of the image without a Docker engine: `make image-check`, as root on Linux.

The Dockerfile is read by hadolint. Then the tree that it makes is built (its lock into a fresh venv, its
folders beside it) and the entry point is run in it: in namespaces of its own, behind chroot, as the image's
user, on a read-only root, with /tmp and /data alone to write to, and as process 1 as in a container.
"""

import asyncio
import json
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot import rehearsal
from bot.sandbox.server import Sandbox

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent

STARTS_WITHIN_S = 60.0
STOPS_WITHIN_S = 25.0

_DEVICES = ("null", "zero", "random", "urandom")


def words_of(dockerfile: str, instruction: str) -> list[str]:
    """What stands behind each use of an instruction, its lines joined."""
    joined = dockerfile.replace("\\\n", " ")
    return re.findall(rf"^{instruction} (.*)$", joined, re.MULTILINE)


class Tree:
    """The image's file system as a folder."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.data = folder / "data"
        dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
        self.entry: list[str] = json.loads(words_of(dockerfile, "ENTRYPOINT")[0])
        self.command: list[str] = json.loads(words_of(dockerfile, "CMD")[0])
        (user,) = words_of(dockerfile, "USER")
        self.uid, self.gid = (int(number) for number in user.split(":"))
        (said,) = words_of(dockerfile, "ENV")
        self.environment = dict(word.split("=", 1) for word in shlex.split(said))
        self.environment["PATH"] = self.environment["PATH"].replace("$PATH", "/usr/local/bin:/usr/bin:/bin")
        self.copied = re.findall(r"^COPY (\w+) \./", dockerfile, re.MULTILINE)

    def build(self) -> None:
        """Do what the Dockerfile does."""
        self.root.mkdir(mode=0o755)
        self.data.mkdir(mode=0o700)
        os.chown(self.data, self.uid, self.gid)
        venv = self.root / "venv"
        base, python = str(Path(sys.base_prefix) / "bin" / "python3"), str(venv / "bin" / "python")
        subprocess.run([base, "-m", "venv", "--without-pip", str(venv)], check=True)
        pip = (str(BIN / "python"), "-m", "pip", "--python", python, "install", "--quiet")
        pinned = ("--disable-pip-version-check", "--require-hashes", "--no-deps", "--only-binary=:all:")
        subprocess.run([*pip, *pinned, "-r", str(ROOT / "requirements.lock")], check=True)
        for folder in self.copied:
            shutil.copytree(
                ROOT / folder, self.root / "app" / folder, ignore=shutil.ignore_patterns("__pycache__")
            )
        for empty in ("proc", "dev", "tmp", "data", "etc/ssl", "usr", sys.base_prefix.lstrip("/")):
            (self.root / empty).mkdir(parents=True, exist_ok=True)
        for device in _DEVICES:
            (self.root / "dev" / device).touch()
        for link in ("bin", "lib", "lib64"):
            (self.root / link).symlink_to(f"usr/{link}")

    def megabytes(self) -> int:
        """What the image adds to the one that it starts from."""
        files = [path for part in ("venv", "app") for path in (self.root / part).rglob("*")]
        return sum(path.lstat().st_size for path in files) // 10**6

    def faults(self) -> Iterator[str]:
        """What should not be in it."""
        for part in ("venv", "app"):
            for path in (self.root / part).rglob("*"):
                known = path.lstat()
                if stat.S_ISLNK(known.st_mode):
                    continue
                if known.st_mode & (stat.S_ISUID | stat.S_ISGID):
                    yield f"{path} runs as its owner"
                if known.st_mode & stat.S_IWOTH:
                    yield f"{path} can be written by all"
        yield from (f"{path} can install" for path in self.root.glob("venv/lib/*/site-packages/pip"))

    @asynccontextmanager
    async def running(self, *arguments: str, more: dict[str, str] | None = None) -> AsyncIterator[Process]:
        """The entry point as the first process behind the chroot; killed at the end."""
        root = shlex.quote(str(self.root))
        binds = [("/usr", "usr"), ("/etc/ssl", "etc/ssl")]
        if not sys.base_prefix.startswith("/usr/"):
            binds.append((sys.base_prefix, sys.base_prefix.lstrip("/")))
        lines = ["set -e", "mount --make-rprivate /", f"mount --bind {root} {root}"]
        for source, into in binds:
            lines += [
                f"mount --rbind {shlex.quote(source)} {root}/{into}",
                f"mount -o remount,bind,ro {root}/{into}",
            ]
        lines += [f"mount --bind /dev/{device} {root}/dev/{device}" for device in _DEVICES]
        lines += [
            f"mount -t proc proc {root}/proc",
            f"mount -t tmpfs -o mode=1777,size=512m tmpfs {root}/tmp",
            f"mount --bind {shlex.quote(str(self.data))} {root}/data",
            f"mount -o remount,bind,ro {root}",
        ]
        environment = [f"{name}={value}" for name, value in (self.environment | (more or {})).items()]
        entered = ["chroot", f"--userspec={self.uid}:{self.gid}", str(self.root), "/usr/bin/env", "-i"]
        entered += ["-C", "/app", *environment, *self.entry, *(arguments or self.command)]
        lines.append(f"exec {shlex.join(entered)}")
        process = await asyncio.create_subprocess_exec(
            *("unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child"),
            *("/bin/sh", "-c", "\n".join(lines)),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def said_by(self, *arguments: str) -> tuple[int, str]:
        """The exit code and output of one command."""
        async with asyncio.timeout(STARTS_WITHIN_S), self.running(*arguments) as process:
            said, _ = await process.communicate()
            return process.returncode or 0, said.decode()


def first_process_of(outer: Process) -> int:
    """The process id, as we see it, of what runs in the namespaces."""
    children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()
    return int(children[0])


async def ready_and_stopped(tree: Tree, folder: Path) -> tuple[float, float, int]:
    """Start at a sandbox; the seconds until it is connected and until SIGTERM ended it, and the exit code."""
    loop = asyncio.get_running_loop()
    sandbox = Sandbox(folder / "discord")
    await sandbox.start("127.0.0.1", 0)
    try:
        began = loop.time()
        async with tree.running(more=rehearsal.settings_for(sandbox, Path("/data"))) as bot:
            assert bot.stdout is not None
            said = asyncio.create_task(bot.stdout.read())  # else it would wait for a reader
            await rehearsal.connected(sandbox, bot, within_s=STARTS_WITHIN_S)
            ready_s = loop.time() - began
            asked = loop.time()
            os.kill(first_process_of(bot), signal.SIGTERM)
            async with asyncio.timeout(STOPS_WITHIN_S):
                code = await bot.wait()
            await said
            return ready_s, loop.time() - asked, code
    finally:
        await sandbox.close()


def hadolint() -> str:
    """What the linter says of the Dockerfile."""
    command = [str(BIN / "hadolint"), str(ROOT / "Dockerfile")]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


async def check(folder: Path) -> int:
    """Every check, a line each; the exit code."""
    wrong = 0

    def say(right: bool, what: str) -> None:  # noqa: FBT001
        nonlocal wrong
        wrong += not right
        print(f"{'right' if right else 'WRONG'}  {what}", flush=True)

    linted = await asyncio.to_thread(hadolint)
    say(not linted, f"hadolint: {linted or 'nothing'}")
    tree = Tree(folder)
    await asyncio.to_thread(tree.build)
    faults = list(tree.faults())
    say(not faults, f"nothing in it installs, runs as another, or can be written: {faults[:3] or 'nothing'}")
    code, said = await tree.said_by()
    say(
        code == 78 and "DAILIES_DISCORD_TOKEN is not set" in said,
        f"without a token it ends with 78 and names the variable ({code})",
    )
    code, said = await tree.said_by("models", "--env-file", "/dev/null")
    say(code == 0 and "studio" in said, f"a command of the shell works in it ({code})")
    ready_s, stopped_s, code = await ready_and_stopped(tree, folder)
    say(
        code == 0,
        f"as process 1 it is connected after {ready_s:.1f} s and ends by SIGTERM in {stopped_s:.1f} s",
    )
    kept = sorted(path.name for path in tree.data.iterdir())
    say("dailies.db" in kept, f"it wrote to /data alone: {', '.join(kept)}")
    print(f"the image adds {tree.megabytes()} MB to the Python image that it starts from")
    return 1 if wrong else 0


if __name__ == "__main__":
    if os.geteuid() != 0 or not shutil.which("unshare"):
        sys.exit("image-check needs root and unshare (Linux): it mounts and enters the image's tree")
    with tempfile.TemporaryDirectory(prefix="dailies-image-") as scratch:
        Path(scratch).chmod(0o755)
        sys.exit(asyncio.run(check(Path(scratch))))
