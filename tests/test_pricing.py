"""What is proposed before an order is placed, at providers that differ: copies kept, seeds, shapes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from bot import catalogue
from bot.catalogue import Catalogue
from bot.domain import Kind
from bot.errors import OrderRefused
from bot.ids import Ids
from bot.ordering import repeats
from bot.ordering.asked import Asked
from bot.ordering.material import UNUSED_FOR, Material
from bot.ordering.pricing import Pricing, always, never
from bot.providers.fal_words import in_fals_words
from bot.providers.wording import Worded
from bot.screening.screening import Screening
from storage.database import Database
from tests.picture_files import chunks, drawing, encoded
from tests.props import ANN, Clock, Desk, asked, job_of, material_of

IN_MAY = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    """In the days of Sora."""
    return Clock(IN_MAY)


@pytest.fixture
def models(clock: Clock) -> Catalogue:
    return catalogue.load(None, providers=frozenset({"studio", "fal"}), now=clock)


@pytest.fixture
def material(database: Database, clock: Clock, tmp_path: Path) -> Material:
    (tmp_path / "pictures").mkdir()
    return material_of(database, clock, Ids(clock, Random(1).getrandbits), tmp_path)


def pricing_of(models: Catalogue, material: Material, clock: Clock, *, keeps: bool = False) -> Pricing:
    return Pricing(models, Screening(), material, now=clock, keep_at_provider=keeps)


@pytest.mark.parametrize(
    ("keeps", "said"), [(True, "keeps its copy of the clip"), (False, "deletes its copy of the clip")]
)
async def test_a_provider_is_told_whether_to_keep_its_copy_and_the_quote_says_so(
    models: Catalogue, material: Material, clock: Clock, *, keeps: bool, said: str
) -> None:
    pricing = pricing_of(models, material, clock, keeps=keeps)

    proposal = await pricing.propose(replace(asked(), model="sora-2"))

    assert proposal.priced.order.remixable is keeps
    assert said in " ".join(proposal.asides)
    assert not proposal.has_to_be_shown


async def test_of_a_provider_that_cannot_be_told_nothing_is_said(
    models: Catalogue, material: Material, clock: Clock
) -> None:
    proposal = await pricing_of(models, material, clock, keeps=True).propose(asked())

    assert proposal.asides == ()
    assert not proposal.priced.order.remixable


@pytest.mark.parametrize("blocks", [True, False])
async def test_what_is_somebodys_property_is_refused_by_a_provider_that_can_be_told_so(
    models: Catalogue, material: Material, clock: Clock, *, blocks: bool
) -> None:
    pricing = Pricing(models, Screening(), material, now=clock, block_ip=always if blocks else never)

    order, quote, _ = (await pricing.propose(replace(asked(), model="sora-2"))).priced
    elsewhere = (await pricing.propose(replace(asked(), model="veo-3.1"))).priced.order

    words = in_fals_words(order, models.wires("fal")[quote.offer_id])
    assert isinstance(words, Worded)
    assert words.fields["detect_and_block_ip"] is blocks
    assert not elsewhere.blocks_ip


async def test_a_draft_has_a_seed_only_where_its_model_has_seeds(
    models: Catalogue, material: Material, clock: Clock
) -> None:
    pricing = pricing_of(models, material, clock)
    wanted = replace(asked(), draft=True)

    with_seed = await pricing.propose(wanted)
    without = await pricing.propose(replace(wanted, model="sora-2"))

    assert with_seed.priced.order.seed is not None
    assert without.priced.order.seed is None
    again = (await pricing.propose(wanted)).priced.order.seed
    assert again == with_seed.priced.order.seed


async def test_the_final_of_a_model_without_seeds_says_that_it_will_be_another_clip(
    models: Catalogue, material: Material, clock: Clock
) -> None:
    pricing = pricing_of(models, material, clock)
    draft = replace(asked(seconds=8), draft=True, final_s=8, model="sora-2-pro")
    job = replace(job_of(at=clock()), order=(await pricing.propose(draft)).priced.order)

    final = repeats.final(job, repeats.typed(draft), asked(), models)
    proposal = await pricing.propose(final)

    assert "another clip than the draft" in " ".join(proposal.notes)
    assert proposal.has_to_be_shown
    assert (final.resolution, final.duration_s) == ("true_1080p", 8)


async def kept(material: Material, width: int, height: int) -> str:
    return await material.keep(chunks(encoded(drawing(width, height), "PNG")), ANN)


def animated(picture: str, **options: object) -> Asked:
    return replace(asked(), kind=Kind.ANIMATE, picture=picture, duration_s=None, **options)  # type: ignore[arg-type]  # any option


async def test_where_a_clip_takes_its_pictures_shape_the_picture_stays_as_it_is(
    models: Catalogue, material: Material, clock: Clock
) -> None:
    pricing = pricing_of(models, material, clock)

    proposal = await pricing.propose(animated(await kept(material, 400, 300), model="kling-v3"))

    assert proposal.fit is None
    order = await pricing.ready(proposal)
    assert order.source is not None
    assert (order.source.width, order.source.height) == (400, 300)


async def test_a_picture_is_brought_to_exactly_the_frame_that_is_ordered(
    models: Catalogue, material: Material, clock: Clock, tmp_path: Path
) -> None:
    pricing = pricing_of(models, material, clock)
    picture = await kept(material, 400, 300)

    proposal = await pricing.propose(animated(picture, model="sora-2", aspect_ratio="16:9"))
    order = await pricing.ready(proposal)
    twice = await pricing.ready(proposal)

    assert "cropped to 16:9" in " ".join(proposal.notes)
    assert order.source is not None
    assert (order.source.width, order.source.height) == (1280, 720)
    assert order.source == twice.source
    assert (tmp_path / order.source.path).is_file()


async def test_an_order_without_anything_to_start_from_is_refused(
    models: Catalogue, material: Material, clock: Clock
) -> None:
    pricing = pricing_of(models, material, clock)

    for kind in (Kind.ANIMATE, Kind.REMIX, Kind.EXTEND, Kind.CHARACTER):
        with pytest.raises(OrderRefused, match="Nothing was named to start from"):
            await pricing.propose(replace(asked(), kind=kind))


async def test_what_was_typed_is_kept_without_the_prompt_and_without_whom(
    models: Catalogue, material: Material, clock: Clock
) -> None:
    options = repeats.typed(replace(asked(prompt="my secret"), role_ids=[5], draft=True))

    assert "my secret" not in str(options)
    assert not {"user_id", "guild_id", "channel_id", "interaction_id", "role_ids"} & set(options)


async def test_a_picture_that_no_order_starts_from_is_forgotten_after_a_day(
    models: Catalogue, material: Material, database: Database, clock: Clock, tmp_path: Path
) -> None:
    desk = Desk(database, clock, folder=tmp_path)
    used, refused = await kept(material, 640, 360), await kept(material, 400, 400)
    pricing = pricing_of(models, material, clock)
    await pricing.ready(await pricing.propose(animated(refused)))
    order = animated(used)
    await desk.orders.order(order, await desk.orders.propose(order))
    clock.advance(UNUSED_FOR)
    await kept(material, 640, 360)
    assert len(list((tmp_path / "pictures").glob(f"{refused}*"))) == 2

    clock.advance(timedelta(seconds=1))
    await kept(material, 640, 360)

    assert list((tmp_path / "pictures").glob(f"{refused}*")) == []
    assert len(list((tmp_path / "pictures").glob(f"{used}*"))) == 2
    with pytest.raises(OrderRefused, match="not kept here any more"):
        await material.picture(refused, of=ANN)
    assert (await material.picture(used, of=ANN)).id == used
