"""Whole jobs at SGLang's, vLLM-Omni's and LiteLLM's own way of the openai protocol."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain import FaultKind
from bot.errors import AssetGone, UnreadableAnswer
from bot.providers.openai import OpenAIVideos
from bot.providers.protocol import Failed, Refused, Rendered, Rendering, Taken, Vanished, Waiting
from tests.emulators.openai_servers import OtherServer, Server, file_in
from tests.openai_scene import PLAIN, attempt, job, provider_at
from tests.props import Clock
from tests.replicate_scene import PICTURE, animated


@pytest.fixture(params=list(Server))
async def other(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[OtherServer]:
    async with OtherServer(request.param, now=clock) as server:
        yield server


def is_forms_alone(other: OtherServer) -> bool:
    return other.server is Server.VLLM_OMNI


async def taken(provider: OpenAIVideos) -> Taken:
    order = job()
    submission = await provider.submit(order, attempt(order))
    assert isinstance(submission, Taken), submission
    return submission


@pytest.mark.parametrize("seconds_as", ["string", "integer"])
async def test_a_whole_job_is_made_at_each_of_them(
    other: OtherServer, tmp_path: Path, seconds_as: str
) -> None:
    wire = replace(PLAIN, seconds_as=seconds_as)

    async with provider_at(other.url, wire=wire, sends_forms=is_forms_alone(other)) as provider:
        ticket = (await taken(provider)).ticket
        standings = [await provider.ask(ticket) for _ in range(2)]
        fetched = await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)

    assert isinstance(standings[0], Rendering | Waiting)
    assert isinstance(standings[1], Rendered)
    assert fetched.size_bytes == (tmp_path / "clip.mp4").stat().st_size > 1_000
    (made,) = other.jobs.values()
    assert str(made.asked["seconds"]) == "4"
    assert made.asked["size"] == "128x72"


async def test_each_of_them_says_why_a_job_failed(other: OtherServer) -> None:
    other.fails_with = "out of memory"

    async with provider_at(other.url, sends_forms=is_forms_alone(other)) as provider:
        ticket = (await taken(provider)).ticket
        await provider.ask(ticket)
        failed = await provider.ask(ticket)

    assert isinstance(failed, Failed)
    assert (failed.fault.kind, failed.fault.code) == (FaultKind.PROVIDER, "provider_failed")
    assert "out of memory" in failed.fault.detail


async def test_a_picture_comes_as_a_file_at_each_of_them(other: OtherServer, tmp_path: Path) -> None:
    order = animated(tmp_path)
    order = replace(order, order=replace(order.order, aspect_ratio="16:9", resolution="720p"))

    async with provider_at(other.url, sends_forms=is_forms_alone(other)) as provider:
        assert isinstance(await provider.submit(order, attempt(order)), Taken)

    (made,) = other.jobs.values()
    assert file_in(made.asked, "input_reference") == PICTURE


async def test_a_job_that_a_restart_has_forgotten_has_vanished(other: OtherServer, tmp_path: Path) -> None:
    async with provider_at(other.url, sends_forms=is_forms_alone(other)) as provider:
        ticket = (await taken(provider)).ticket
        other.jobs.clear()

        assert isinstance(await provider.ask(ticket), Vanished)
        with pytest.raises(AssetGone):
            await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)


async def test_without_forms_vllm_omni_takes_nothing_and_that_is_certain(clock: Clock) -> None:
    order = job()

    async with OtherServer(Server.VLLM_OMNI, now=clock) as other, provider_at(other.url) as provider:
        refused = await provider.submit(order, attempt(order))

    assert isinstance(refused, Refused)
    assert other.jobs == {}


async def test_sglang_would_forget_a_job_and_go_on_so_it_is_not_asked_to_stop(clock: Clock) -> None:
    async with (
        OtherServer(Server.SGLANG, now=clock) as other,
        provider_at(other.url, can_cancel=False) as provider,
    ):
        ticket = (await taken(provider)).ticket
        await provider.cancel(ticket)

        assert isinstance(await provider.ask(ticket), Rendering)
    assert len(other.jobs) == 1
    assert "delete" not in [seen.route for seen in other.site.seen]


async def test_a_stopped_job_is_unknown_to_vllm_omni(clock: Clock) -> None:
    async with (
        OtherServer(Server.VLLM_OMNI, now=clock) as other,
        provider_at(other.url, sends_forms=True) as provider,
    ):
        ticket = (await taken(provider)).ticket
        await provider.cancel(ticket)

        assert isinstance(await provider.ask(ticket), Vanished)


# A file elsewhere


async def test_sglangs_clip_in_the_cloud_is_fetched_from_a_host_that_is_named_and_without_the_key(
    clock: Clock, tmp_path: Path
) -> None:
    async with OtherServer(Server.SGLANG, now=clock, has_cloud=True) as other:
        async with provider_at(other.url, file_hosts=("127.0.0.1",)) as provider:
            ticket = (await taken(provider)).ticket
            for _ in range(2):
                await provider.ask(ticket)
            await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)

        (seen,) = other.cloud.seen
    assert "Authorization" not in seen.headers
    assert (tmp_path / "clip.mp4").stat().st_size > 1_000


@pytest.mark.parametrize("hosts", [(), ("media.example.org",)])
async def test_from_a_host_that_is_not_named_nothing_is_fetched(
    clock: Clock, tmp_path: Path, hosts: tuple[str, ...]
) -> None:
    async with OtherServer(Server.SGLANG, now=clock, has_cloud=True) as other:
        async with provider_at(other.url, file_hosts=hosts) as provider:
            ticket = (await taken(provider)).ticket
            for _ in range(2):
                await provider.ask(ticket)
            with pytest.raises(UnreadableAnswer):
                await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)

        assert other.cloud.seen == []


async def test_where_hosts_are_named_bytes_are_fetched_all_the_same(
    other: OtherServer, tmp_path: Path
) -> None:
    async with provider_at(
        other.url, sends_forms=is_forms_alone(other), file_hosts=("media.example.org",)
    ) as provider:
        ticket = (await taken(provider)).ticket
        for _ in range(2):
            await provider.ask(ticket)
        await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)
        other.jobs.clear()
        with pytest.raises(AssetGone):
            await provider.fetch(ticket, tmp_path / "clip.mp4", bytes_max=1 << 20)
