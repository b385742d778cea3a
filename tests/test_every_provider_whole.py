"""The real process at each hosted provider's emulator: from the order and a webhook to the posted clip."""

import asyncio
import os
import socket
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain import JobState
from bot.offers.origins import files_from, moved
from bot.settings import PREFIX
from tests.emulators.fal import FalEmulator
from tests.emulators.lumenfall import LumenfallEmulator
from tests.emulators.prodia import ProdiaEmulator
from tests.emulators.replicate import ReplicateEmulator
from tests.household import Household, household
from tests.model_rows import model_row, offer_row

PROVIDERS = ("fal", "replicate", "lumenfall", "prodia")
KEY = "a-key-of-the-test"


def now() -> datetime:
    return datetime.now(UTC)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def compared(house: Household) -> str:
    """What `dailies models --online` says."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "models", "--online", "--env-file", os.devnull),
        env={**own, **house.more, f"{PREFIX}DATA_DIR": str(house.data_dir)},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return said.decode()


async def test_the_process_makes_and_posts_a_clip_at_each_hosted_provider(
    tmp_path: Path,
) -> None:
    async with AsyncExitStack() as stack:
        fal = await stack.enter_async_context(FalEmulator(now=now, api_key=KEY, asks_to_finish=None))
        replicate = await stack.enter_async_context(ReplicateEmulator(now=now, api_token=KEY))
        lumenfall = await stack.enter_async_context(LumenfallEmulator(now=now, api_key=KEY))
        prodia = await stack.enter_async_context(ProdiaEmulator(now=now, token=KEY))
        origins = {
            "queue.fal.run": fal.queue.url,
            "rest.fal.ai": fal.rest.url,
            "v3.fal.media": fal.cdn.url,
            "api.fal.ai": fal.platform.url,
            "api.replicate.com": replicate.api.url,
            "replicate.delivery": replicate.delivery.url,
            "api.lumenfall.ai": lumenfall.api.url,
            "media.lumenfall.ai": lumenfall.media.url,
            "inference.prodia.com": prodia.site.url,
        }
        port = free_port()
        house = await stack.enter_async_context(household(tmp_path))
        models = tmp_path / "models.toml"
        models.write_text(
            "".join(model_row(f"at-{name}") + offer_row(f"at-{name}", name) for name in PROVIDERS)
        )
        del house.more["DAILIES_OPENAI_BASE_URL"]
        house.more |= {
            "DAILIES_FAL_KEY": KEY,
            "DAILIES_REPLICATE_API_TOKEN": KEY,
            "DAILIES_LUMENFALL_API_KEY": KEY,
            "DAILIES_PRODIA_TOKEN": KEY,
            "DAILIES_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "DAILIES_WEB_PORT": str(port),
            "DAILIES_PROVIDER_ORIGINS": ", ".join(f"{host}={origin}" for host, origin in origins.items()),
        }
        await house.start()

        for provider in PROVIDERS:
            options = {"prompt": "a paper boat", "model": f"at-{provider}"}
            await house.ada.answer(await house.ada.slash("generate", options, channel=house.channel))
        await house.until_all(JobState.RUNNING, JobState.POSTED, count=len(PROVIDERS))
        (at_fal,) = fal.books.jobs
        fal.finish(at_fal)
        called = await fal.call_back(at_fal)
        await house.until_all(JobState.POSTED, count=len(PROVIDERS))
        said = await compared(house)

        assert sorted(job.quote.offer_id.partition("/")[0] for job in house.jobs()) == sorted(PROVIDERS)
        assert {job.charged_micros for job in house.jobs()} == {400_000}
        made = (fal.books.jobs, replicate.predictions, lumenfall.videos, prodia.jobs)
        assert [len(each) for each in made] == [1, 1, 1, 1]
        assert called == [204]
        assert len(await house.clips()) == len(PROVIDERS)
        assert house.ledger_differences() == []
        assert house.held_micros() == 0
        for provider in ("fal", "lumenfall", "replicate"):
            assert f"{provider}/at-{provider}" in said


@pytest.mark.parametrize(
    ("address", "there"),
    [
        ("https://queue.fal.run", "http://127.0.0.1:1"),
        ("https://api.lumenfall.ai/openai/v1", "https://proxy.example.org/openai/v1"),
        ("https://api.replicate.com/v1", "https://api.replicate.com/v1"),
    ],
)
def test_an_address_keeps_its_path_at_what_stands_in_for_its_host(address: str, there: str) -> None:
    origins = {"queue.fal.run": "http://127.0.0.1:1", "api.lumenfall.ai": "https://proxy.example.org"}

    assert moved(address, origins) == there


def test_files_come_also_from_what_stands_in_for_one_of_their_hosts_and_from_nowhere_else() -> None:
    hosts = ("fal.media", "storage.googleapis.com")

    assert files_from(hosts, {}) == hosts
    assert files_from(hosts, {"v3.fal.media": "https://files.example.org:8443"}) == (
        *hosts,
        "files.example.org",
    )
    assert files_from(hosts, {"queue.fal.run": "https://proxy.example.org"}) == hosts
