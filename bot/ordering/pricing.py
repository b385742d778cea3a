"""From what was asked to what can be ordered, with its price and all that its member should know of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.catalogue import Catalogue, Priced
from bot.domain import (
    TAKES_MAX,
    ChannelId,
    GuildId,
    InteractionId,
    JobId,
    Kind,
    Member,
    Order,
    Source,
    UserId,
)
from bot.errors import OrderRefused
from bot.language import _
from bot.offers.normalising import Reason
from bot.offers.options import SEED_MAX
from bot.ordering import characters, framing, sources
from bot.ordering.asked import Asked
from bot.ordering.characters import Cast
from bot.ordering.eligibility import NO_AGES, MinimumAges, check_ages
from bot.ordering.framing import Fit, Framing
from bot.ordering.material import Material, source_of
from bot.ordering.sources import Footage, Start, Way
from bot.ordering.unread import unread
from bot.quoting import escaped
from bot.screening.screening import Screening
from bot.screening.verdict import PASSED, Verdict
from storage.pictures import KeptPicture


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An order as it could be placed now.

    `footage` is the clip that it starts from. `notes` are sentences that its member has to read before
    paying, `asides` such as stand in a quote where there is one. `fit` is how its picture comes to the
    clip's shape, which is done when it is placed. `verdict` is what screening found of it: it passed, or a
    moderator is to look where the channel has any.
    """

    priced: Priced
    notes: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()
    way: Way | None = None
    fit: Fit | None = None
    footage: Footage | None = None
    verdict: Verdict = PASSED

    @property
    def has_to_be_shown(self) -> bool:
        """Whether it is not quite what was typed, or needs explaining."""
        return bool(self.notes or self.priced.adjustments)


async def never(order: Order) -> bool:
    """For whom nothing of the kind is ever asked."""
    del order
    return False


async def always(order: Order) -> bool:
    """For whom it is always asked."""
    del order
    return True


class Pricing:
    """Everything that is looked at before an order is placed. It writes nothing.

    Args:
        ages: how old accounts and memberships must be for what costs money.
        keep_at_provider: whether providers are asked to keep their copies, for remixes.
        block_ip: whether those that can are asked to refuse what is known to be somebody's property, of an
            order that is of the place where it is placed.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        screening: Screening,
        material: Material,
        *,
        now: Callable[[], datetime],
        ages: MinimumAges = NO_AGES,
        keep_at_provider: bool = False,
        block_ip: Callable[[Order], Awaitable[bool]] = never,
    ) -> None:
        self._catalogue = catalogue
        self._screening = screening
        self._material = material
        self._now = now
        self._ages = ages
        self._keep_at_provider = keep_at_provider
        self._block_ip = block_ip

    async def propose(self, asked: Asked) -> Proposal:
        """Check, price and screen what was asked.

        Raises:
            OrderRefused: it cannot be ordered.
            TooNew: it costs money, and the account or the membership is not old enough.
            NotYours: what it starts from is not for this member, or not here.
        """
        if not 1 <= asked.takes <= TAKES_MAX:
            raise OrderRefused(
                _("That many takes cannot be made."),
                _("Choose 1 to {n} and order again.").format(n=TAKES_MAX),
            )
        footage = None
        if asked.clip is not None:
            footage = await self._material.footage(
                asked.clip, seen_by=_member(asked), seen_in=ChannelId(asked.seen_in or asked.channel_id)
            )
        proposal = await self._proposed(asked, footage)
        priced = proposal.priced
        joined_at = None if asked.joined_at is None else datetime.fromisoformat(asked.joined_at)
        check_ages(priced.quote, UserId(asked.user_id), joined_at, self._ages, self._now())
        origin = asked.final_of if footage is None else footage.job.id
        order = replace(
            priced.order,
            takes=asked.takes,
            draft=asked.draft,
            private=asked.private,
            parent_id=None if asked.parent_id is None else ChannelId(asked.parent_id),
            spoiler=asked.spoiler,
            locale=asked.locale,
            source_job_id=None if origin is None else JobId(origin),
            seed=self._seed(asked, priced),
        )
        if self._has_field(priced, "blocks_ip"):
            order = replace(order, blocks_ip=await self._block_ip(order))
        verdict = await self._screening.look(order)
        asides, notes = proposal.asides, proposal.notes
        if order.kind is not Kind.CHARACTER:  # whose prompt is a name
            notes = (*notes, *unread(order.prompt))
        if self._has_field(priced, "remixable"):
            order = replace(order, remixable=self._keep_at_provider)
            asides = (*asides, _kept(keeps=self._keep_at_provider))
        if asked.final_of is not None and order.seed is None:
            notes = (*notes, _("This model takes no seed: the final will be another clip than the draft."))
        return replace(
            proposal,
            priced=priced._replace(order=order),
            asides=asides,
            notes=notes,
            footage=footage,
            verdict=verdict,
        )

    async def ready(self, proposal: Proposal) -> Order:
        """The order of a proposal with its files made.

        Raises:
            OrderRefused: what it starts from is gone.
        """
        order = proposal.priced.order
        if proposal.fit is None or order.source is None:
            return order
        return replace(order, source=await self._material.fitted(order.source, proposal.fit))

    async def _proposed(self, asked: Asked, footage: Footage | None) -> Proposal:
        kind = Kind(asked.kind)
        match kind:
            case Kind.GENERATE if asked.characters:
                return await self._with_characters(asked)
            case Kind.GENERATE:
                return Proposal(priced=self._priced(asked, kind))
            case Kind.CHARACTER if asked.character is not None:
                return await self._character(asked, asked.character)
            case Kind.ANIMATE if asked.picture is not None:
                picture = await self._material.picture(asked.picture, of=_member(asked))
                return self._animated(asked, picture)
            case Kind.ANIMATE if footage is not None:
                return self._animated(asked, await self._material.last_frame(footage))
            case Kind.REMIX | Kind.EXTEND if footage is not None:
                return await self._gone_on(asked, kind, footage)
            case _:
                raise OrderRefused(
                    _("Nothing was named to start from."), _("Attach a picture or choose a clip.")
                )

    async def _character(self, asked: Asked, character_id: str) -> Proposal:
        """A character from a kept clip: its name stands for the prompt, its clip's length is what is paid."""
        one = await self._material.characters.to_make(character_id, of=_member(asked))
        asked = replace(asked, prompt=one.name, duration_s=characters.seconds_of(one))
        source = characters.source_of(one)
        return Proposal(
            priced=self._priced(asked, Kind.CHARACTER, source=source, source_bytes=one.size_bytes)
        )

    async def _with_characters(self, asked: Asked) -> Proposal:
        cast = await self._material.characters.cast(asked.characters, _member(asked))
        model = asked.model or self._model_that_knows(cast)
        priced = self._priced(
            replace(asked, model=model), Kind.GENERATE, cast=cast.ids, only_at=cast.provider
        )
        note = characters.unnamed(cast, asked.prompt)
        told = _("With {names}").format(names=", ".join(cast.names))
        return Proposal(priced=priced, notes=(note,) if note else (), asides=(told,))

    def _model_that_knows(self, cast: Cast) -> str:
        """The first model that can be ordered with these; a character is of no use anywhere else."""
        for row in self._catalogue.models(Kind.GENERATE):
            for offer in self._catalogue.open_offers(row.id):
                has_place = Kind.GENERATE in offer.row.kinds and offer.row.fields.get("characters")
                if has_place and offer.row.provider == cast.provider:
                    return row.id
        raise OrderRefused(
            _("No model that can be had here knows {names}.").format(names=escaped(", ".join(cast.names))),
            _("Leave the characters out, or make them anew with /character add."),
        )

    async def _gone_on(self, asked: Asked, kind: Kind, footage: Footage) -> Proposal:
        refusal = None
        ways = sources.starts(footage, kind, self._catalogue, model=asked.model, at=self._now())
        for start in ways:
            if asked.way not in (None, start.way):  # a yes is to the way that was quoted
                continue
            try:
                return await self._by(start, asked, footage)
            except OrderRefused as refused:
                refusal = refusal or refused
        if refusal is not None:
            raise refusal
        if kind is Kind.REMIX:
            raise OrderRefused(
                _("No model that can be had here changes a clip or animates its last frame."),
                _("Make a new one with /generate."),
            )
        raise OrderRefused(
            _("No model that can be had here goes on from a clip."),
            _("Animate its last frame: with the button under it, or with how in /extend."),
        )

    async def _by(self, start: Start, asked: Asked, footage: Footage) -> Proposal:
        kind = Kind(asked.kind)
        name = self._catalogue.describe(start.model).name
        note = sources.told(start.way, kind, name, named=asked.model is not None)
        if start.way is Way.LAST_FRAME:
            frame = await self._material.last_frame(footage)
            length = footage.seconds if asked.duration_s is None else asked.duration_s
            animated = self._animated(replace(asked, model=start.model, duration_s=length), frame)
            return replace(animated, notes=(note, *animated.notes), way=start.way)
        at_provider = start.way is Way.AT_PROVIDER
        priced = self._priced(
            replace(
                asked,
                model=start.model,
                resolution=None,
                aspect_ratio=None,
                duration_s=footage.seconds if kind is Kind.REMIX else asked.duration_s,
            ),
            kind,
            source=sources.source_of(footage.clip, start),
            source_bytes=0 if at_provider else footage.clip.size_bytes,
            only_at=start.only_at,
        )
        offer = self._catalogue.offer(priced.quote.offer_id)
        if at_provider and (offer is None or not sources.names_clip(offer)):
            raise OrderRefused(_("The provider cannot be told which clip is meant."), _("Choose another."))
        return Proposal(priced=priced, notes=(note, *_kept_as_it_is(asked, priced.order)), way=start.way)

    def _animated(self, asked: Asked, picture: KeptPicture) -> Proposal:
        source = source_of(picture)
        priced = self._priced(asked, Kind.ANIMATE, source=source, source_bytes=picture.size_bytes)
        fit = self._fit(priced, source, Framing(asked.framing))
        fitted = "" if fit is None else framing.told(fit)
        if fitted:  # says more than the catalogue knows
            rest = tuple(each for each in priced.adjustments if each.reason is not Reason.FITTED)
            priced = priced._replace(adjustments=rest)
        still = _("Your picture moves: its first frame alone is used.") if picture.was_animated else ""
        return Proposal(priced=priced, notes=tuple(one for one in (still, fitted) if one), fit=fit)

    def _fit(self, priced: Priced, source: Source, how: Framing) -> Fit | None:
        """How the picture comes to the frame's size; None where the clip takes the picture's own shape."""
        order = priced.order
        offer = self._catalogue.offer(priced.quote.offer_id)
        size = "" if offer is None else offer.row.sizes.get(f"{order.resolution} {order.aspect_ratio}", "")
        shaped = any(each.reason is Reason.FITTED for each in priced.adjustments)
        told_none = offer is not None and (
            offer.row.fields.get("aspect_ratio") == "" or not any(offer.row.aspect_ratios.values())
        )
        if not size and not shaped and told_none:
            return None
        frame = framing.frame_size(order.resolution, order.aspect_ratio, size)
        if frame is None or frame == (source.width, source.height):
            return None
        return framing.fit(source.width, source.height, *frame, how)

    def _priced(
        self,
        asked: Asked,
        kind: Kind,
        *,
        source: Source | None = None,
        source_bytes: int = 0,
        cast: tuple[str, ...] = (),
        only_at: str | None = None,
    ) -> Priced:
        return self._catalogue.order(
            kind=kind,
            member=_member(asked),
            channel_id=ChannelId(asked.channel_id),
            interaction_id=InteractionId(asked.interaction_id),
            prompt=asked.prompt,
            model=asked.model,
            resolution=asked.resolution,
            aspect_ratio=asked.aspect_ratio,
            duration_s=asked.duration_s,
            seed=asked.seed,
            source=source,
            source_bytes=source_bytes,
            characters=cast,
            only_at=only_at,
            draft=asked.draft,
        )

    def _seed(self, asked: Asked, priced: Priced) -> int | None:
        """A draft gets one where its model has seeds, so that its final can be of the same."""
        if priced.order.seed is not None or not asked.draft:
            return priced.order.seed
        offer = self._catalogue.offer(priced.quote.offer_id)
        # The press's own number, so that a quote and its yes mean the same one.
        seed = asked.interaction_id % (SEED_MAX + 1)
        return seed if offer is not None and offer.takes_seed(seed) else None

    def _has_field(self, priced: Priced, word: str) -> bool:
        """Whether the offer that was chosen can be told this, beside what is to be seen."""
        offer = self._catalogue.offer(priced.quote.offer_id)
        return offer is not None and bool(offer.row.fields.get(word))


def _member(asked: Asked) -> Member:
    return Member(guild_id=GuildId(asked.guild_id), user_id=UserId(asked.user_id))


def _kept_as_it_is(asked: Asked, order: Order) -> list[str]:
    """That another size or shape was typed than the clip has, which it keeps."""
    if (asked.resolution or order.resolution, asked.aspect_ratio or order.aspect_ratio) == (
        order.resolution,
        order.aspect_ratio,
    ):
        return []
    return [
        _("The clip keeps its own size and shape: {resolution}, {aspect_ratio}.").format(
            resolution=order.resolution, aspect_ratio=order.aspect_ratio
        )
    ]


def _kept(*, keeps: bool) -> str:
    if keeps:
        return _("The provider keeps its copy of the clip, so that it can be remixed there.")
    return _("The provider deletes its copy of the clip; a remix will start from ours.")
