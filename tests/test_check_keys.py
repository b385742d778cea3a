"""`dailies check --online` at provider keys, each wrong in its own way, and at a clock that is off."""

import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from bot.checks import keys
from bot.checks.clock import ERROR, WARNING, clock
from bot.checks.finding import Finding
from bot.providers import http
from bot.settings import Settings, load
from tests.emulators import faults
from tests.emulators.fal import FalEmulator
from tests.emulators.faults import Fault, Faults, answer
from tests.emulators.lumenfall import LumenfallEmulator
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.prodia import ProdiaEmulator
from tests.emulators.replicate import ReplicateEmulator
from tests.props import NOON, Clock

RIGHT = {
    "openai": "sk-proj-right-and-whole",
    "fal": "id:secret-right",
    "replicate": "r8_right",
    "lumenfall": "lmnfl_right",
    "prodia": "prodia-right",
}
SETTINGS = {
    "openai": "DAILIES_OPENAI_API_KEY",
    "fal": "DAILIES_FAL_KEY",
    "replicate": "DAILIES_REPLICATE_API_TOKEN",
    "lumenfall": "DAILIES_LUMENFALL_API_KEY",
    "prodia": "DAILIES_PRODIA_TOKEN",
}
ROUTES = {
    "openai": "models",
    "fal": "pricing",
    "replicate": "secret",
    "lumenfall": "secret",
    "prodia": "state",
}
ENDPOINT = "fal-ai/sora-2/text-to-video"
PATIENT = http.Timeouts()
SHORT = http.Timeouts(ask_s=0.3, connect_s=0.3)
"""For one that hangs; all others may take as long as a busy machine needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Providers:
    """Every provider's emulator, each of which takes its right key alone."""

    faults: dict[str, Faults]
    addresses: dict[str, str]
    openai_url: str

    def config(self, only: str | None = None, **given: str) -> Settings:
        """Settings with the right keys, but for those given; `only` leaves all other providers out."""
        said = RIGHT | given
        environment = {SETTINGS[name]: key for name, key in said.items() if only in (None, name)}
        if only in (None, "openai"):
            environment["DAILIES_OPENAI_BASE_URL"] = self.openai_url
        return load(environment, env_file=Path(os.devnull))

    async def found(
        self, only: str | None = None, *, wrong: Mapping[str, str] = {}, timeouts: http.Timeouts = PATIENT
    ) -> list[Finding]:
        config = self.config(only, **wrong)
        probes = keys.probes(config, fal_endpoint=ENDPOINT, addresses=self.addresses)
        return await keys.keys(probes, timeouts=timeouts)


@pytest.fixture
async def providers() -> AsyncIterator[Providers]:
    now = Clock()
    async with AsyncExitStack() as stack:
        fal = await stack.enter_async_context(FalEmulator(now=now, api_key=RIGHT["fal"]))
        openai = await stack.enter_async_context(OpenAIEmulator(now=now, api_key=RIGHT["openai"]))
        replicate = await stack.enter_async_context(ReplicateEmulator(now=now, api_token=RIGHT["replicate"]))
        lumenfall = await stack.enter_async_context(LumenfallEmulator(now=now, api_key=RIGHT["lumenfall"]))
        prodia = await stack.enter_async_context(ProdiaEmulator(now=now, token=RIGHT["prodia"]))
        yield Providers(
            faults={
                "fal": fal.faults,
                "openai": openai.faults,
                "replicate": replicate.faults,
                "lumenfall": lumenfall.faults,
                "prodia": prodia.faults,
            },
            addresses={
                "fal": fal.hosts.platform,
                "replicate": replicate.url,
                "lumenfall": lumenfall.account_url,
                "prodia": prodia.url,
            },
            openai_url=openai.url,
        )


async def test_right_keys_have_nothing_wrong(providers: Providers) -> None:
    assert await providers.found() == []


@pytest.mark.parametrize("name", sorted(RIGHT))
async def test_a_wrong_key_is_named_by_its_variable_and_never_shown(providers: Providers, name: str) -> None:
    wrong = RIGHT[name] + "-typo"

    (finding,) = await providers.found(wrong={name: wrong})

    assert finding.code == "key_refused"
    assert SETTINGS[name] in finding.cause
    assert finding.mend.startswith(f"{SETTINGS[name]}=… in .env, a new key from ")
    assert "typo" not in finding.cause + finding.mend


WRONG: list[tuple[Fault, str]] = [
    (answer(402, {"error": "pay"}), "provider_out_of_credit"),
    (
        answer(403, {"detail": "User is locked. Reason: Exhausted balance. Top up your balance."}),
        "provider_out_of_credit",
    ),
    (answer(429, {"error": {"code": "insufficient_quota"}}), "provider_out_of_credit"),
    (answer(403, {"detail": "Forbidden"}), "key_refused"),
    (answer(429, {"error": "slow down"}), "provider_busy"),
    (answer(200, b"<html>Sign in to the hotel's network</html>"), "provider_not_itself"),
    (answer(302, b"", headers={"Location": "https://portal.example/"}), "provider_unreachable"),
    (faults.PROXY_502_BEFORE_WORK, "provider_unreachable"),
    (faults.RESET_BEFORE_READING, "provider_unreachable"),
    (faults.HANG_BEFORE_WORK, "provider_unreachable"),
]


@pytest.mark.parametrize(("fault", "code"), WRONG)
async def test_what_else_can_be_wrong_has_a_code_of_its_own(
    providers: Providers, fault: Fault, code: str
) -> None:
    name = "fal"
    providers.faults[name].always(ROUTES[name], fault)

    (finding,) = await providers.found(name, timeouts=SHORT if fault is faults.HANG_BEFORE_WORK else PATIENT)

    assert finding.code == code
    assert finding.mend


async def test_a_provider_that_nobody_listens_for_is_unreachable(providers: Providers) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    providers.addresses["prodia"] = f"http://127.0.0.1:{port}/v2"

    (finding,) = await providers.found("prodia")

    assert finding.code == "provider_unreachable"
    assert "prodia at 127.0.0.1 does not answer" in finding.cause


async def test_a_server_of_ones_own_needs_no_key(providers: Providers) -> None:
    async with OpenAIEmulator(now=Clock()) as own:
        config = load({"DAILIES_OPENAI_BASE_URL": own.url}, env_file=Path(os.devnull))

        assert await keys.keys(keys.probes(config)) == []


def test_a_key_is_not_in_what_a_probe_shows(providers: Providers) -> None:
    shown = repr(list(keys.probes(providers.config(), fal_endpoint=ENDPOINT)))

    assert not any(key in shown for key in RIGHT.values())


@pytest.mark.parametrize(
    ("off", "codes"),
    [
        (timedelta(0), []),
        (WARNING - timedelta(seconds=1), []),
        (WARNING, ["clock_off"]),
        (-WARNING, ["clock_off"]),
        (ERROR, ["clock_wrong"]),
        (timedelta(minutes=10), ["clock_wrong"]),
        (-timedelta(minutes=10), ["clock_wrong"]),
    ],
)
def test_a_clock_is_told_off_by_how_much_it_matters(off: timedelta, codes: list[str]) -> None:
    found = list(clock(format_datetime(NOON, usegmt=True), NOON + off))

    assert [finding.code for finding in found] == codes
    for finding in found:
        assert ("ahead of" if off > timedelta() else "behind") in finding.cause


@pytest.mark.parametrize("said", [None, "", "yesterday", "Sat, 21 Nov 2026 12:00:00"])
def test_no_date_says_nothing_of_the_clock(said: str | None) -> None:
    assert list(clock(said, NOON)) == []
