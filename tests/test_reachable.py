"""Which providers are spoken to: those with a key or an address, else our own studio."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot import catalogue
from bot.errors import FileElsewhere, ProviderUnavailable
from bot.jobs.patience import RUNNING_MAX
from bot.offers import keys, reachable
from bot.providers.fal import FalQueue
from bot.providers.lumenfall import LumenfallVideos
from bot.providers.openai import OpenAIVideos
from bot.providers.prodia import ProdiaJobs
from bot.providers.replicate import ReplicatePredictions
from bot.settings import Settings
from tests.emulators.replicate_parts import new_secret
from tests.props import Clock

KEYS: dict[str, dict[str, Any]] = {
    "openai": {"openai_api_key": SecretStr("sk-1")},
    "fal": {"fal_key": SecretStr("id:secret")},
    "replicate": {"replicate_api_token": SecretStr("r8_1")},
    "lumenfall": {"lumenfall_api_key": SecretStr("lmnfl_1")},
    "prodia": {"prodia_token": SecretStr("p-1")},
}


def test_without_a_key_there_is_the_studio() -> None:
    assert keys.names(Settings()) == {"studio"}


@pytest.mark.parametrize("name", KEYS)
async def test_a_key_opens_its_provider_in_place_of_the_studio(
    name: str, tmp_path: Path, clock: Clock
) -> None:
    config = Settings(data_dir=tmp_path, **KEYS[name])
    models = catalogue.load(None, providers=keys.names(config), now=clock)

    async with AsyncExitStack() as stack:
        providers = await reachable.opened(config, models, stack, now=clock)

        assert {key: provider.name for key, provider in providers.items()} == {name: name}


async def test_who_can_be_told_when_to_give_up_is_told_when_we_would(tmp_path: Path, clock: Clock) -> None:
    config = Settings(data_dir=tmp_path, **KEYS["fal"], **KEYS["replicate"])
    models = catalogue.load(None, providers=keys.names(config), now=clock)

    async with AsyncExitStack() as stack:
        providers = await reachable.opened(config, models, stack, now=clock)

        fal, theirs = providers["fal"], providers["replicate"]
        assert isinstance(fal, FalQueue)
        assert isinstance(theirs, ReplicatePredictions)
        assert fal.start_within_s == theirs.cancel_after_s == RUNNING_MAX.total_seconds()


@pytest.mark.parametrize("name", KEYS)
async def test_clips_of_every_provider_may_come_from_the_hosts_that_the_operator_names(
    name: str, tmp_path: Path, clock: Clock
) -> None:
    config = Settings(data_dir=tmp_path, file_hosts=("localhost",), **KEYS[name])
    models = catalogue.load(None, providers=keys.names(config), now=clock)

    async with AsyncExitStack() as stack:
        provider = (await reachable.opened(config, models, stack, now=clock))[name]
        assert isinstance(
            provider, FalQueue | OpenAIVideos | ReplicatePredictions | LumenfallVideos | ProdiaJobs
        )
        with pytest.raises(ProviderUnavailable):
            await provider._downloads.fetch("https://localhost:1/x", tmp_path / "clip.mp4", bytes_max=1)
        with pytest.raises(FileElsewhere):
            await provider._downloads.fetch("https://other.invalid/x", tmp_path / "clip.mp4", bytes_max=1)


async def test_without_a_key_the_studio_is_started_and_stopped(tmp_path: Path, clock: Clock) -> None:
    config = Settings(data_dir=tmp_path)
    models = catalogue.load(None, providers=keys.names(config), now=clock)

    async with AsyncExitStack() as stack:
        providers = await reachable.opened(config, models, stack, now=clock)

        assert set(providers) == {"studio"}
        assert (tmp_path / "studio").is_dir()


def test_every_secret_is_known_to_be_one() -> None:
    everything: dict[str, Any] = {
        "discord_token": SecretStr("token"),
        "openai_webhook_secret": SecretStr(new_secret()),
        "moderation_api_key": SecretStr("sk-of-the-looks"),
        "sentry_dsn": SecretStr("https://key@sentry.example.org/1"),
    }
    for given in KEYS.values():
        everything |= given
    config = Settings(**everything)

    secret = [name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)]

    assert set(secret) == set(everything)
    assert len(keys.secrets(config)) == len(everything)
