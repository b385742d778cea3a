"""The rules of channels: who may order what there, when and how often. Every refusal is before any money."""

import sqlite3
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.domain import ChannelId, FaultKind, Kind, Member, Micros, Order, Quote
from bot.errors import AgainstRules
from bot.language import _, later, ngettext
from bot.moderation.quiet import quiet_until
from bot.money import format_usd
from storage import channel_rules, charters
from storage.channel_rules import Rules

COMMANDS: Mapping[Kind, str] = {
    Kind.GENERATE: later("words"),
    Kind.ANIMATE: later("pictures"),
    Kind.REMIX: later("remixes"),
    Kind.EXTEND: later("continuations"),
    Kind.CHARACTER: later("characters"),
}
"""What an order of each kind is made from, as rules name it."""


class Scene(NamedTuple):
    """Who orders, where and in which roles. `channels` is the channel and, of a thread, its parent."""

    member: Member
    channels: tuple[ChannelId, ...]
    role_ids: Collection[int] = ()

    @property
    def place(self) -> ChannelId:
        """The channel, or the one that the thread is of."""
        return self.channels[-1]


def check_scene(tx: sqlite3.Connection, rules: Rules, scene: Scene, kind: Kind, at: datetime) -> None:
    """Return if this member may order such a thing here and now.

    Raises:
        AgainstRules: with the rule that says no.
    """
    if rules is channel_rules.FREE:
        return
    # Discord's @everyone has the server's id and is in nobody's list of roles.
    if rules.roles and set(rules.roles).isdisjoint({*scene.role_ids, scene.member.guild_id}):
        names = ", ".join(f"<@&{role}>" for role in rules.roles)
        raise _against(_("Ordering here is for {roles}.").format(roles=names), _("Order in another channel."))
    check_kind(rules, kind)
    if rules.quiet is not None:
        zone = charters.of(tx, scene.member.guild_id).rules.time_zone
        if (until := quiet_until(at, rules.quiet, zone)) is not None:
            moment = f"<t:{int(until.timestamp())}:t>"
            raise _against(
                _("This channel has quiet hours until {when}.").format(when=moment),
                _("Order again after them, or in another channel."),
            )
    if rules.slow_s:
        wait = timedelta(seconds=rules.slow_s)
        last = channel_rules.last_order_at(tx, scene.member, scene.place, since=at - wait)
        if last is not None and at < (opens_at := last + wait):
            raise _against(
                _("This channel takes one order of a member every {time}.").format(time=spell(rules.slow_s)),
                _("Order again {when}.").format(when=f"<t:{int(opens_at.timestamp()) + 1}:R>"),
            )


def check_kind(rules: Rules, kind: Kind) -> None:
    """Return if the channel takes orders of this kind.

    Raises:
        AgainstRules: it takes others alone.
    """
    if rules.kinds and kind not in rules.kinds:
        names = ", ".join(_(COMMANDS[one]) for one in Kind if one in rules.kinds)
        raise _against(
            _("This channel takes orders made from these alone: {kinds}.").format(kinds=names),
            _("Order that here, or this in another channel."),
        )


def check_order(rules: Rules, order: Order, quote: Quote, names: Callable[[], Mapping[str, str]]) -> None:
    """Return if a priced order is one that this channel takes. `names` gives those of the models by id.

    Raises:
        AgainstRules: with the rule that says no.
    """
    if rules is channel_rules.FREE:
        return
    if rules.models and order.model not in rules.models:
        known = names()
        raise _against(
            _("This channel takes these models alone: {models}.").format(
                models=", ".join(known.get(one, one) for one in rules.models)
            ),
            _("Choose one of them, or order in another channel."),
        )
    if rules.duration_max_s is not None and order.duration_s > rules.duration_max_s:
        raise _against(
            ngettext(
                "Clips of this channel have {n} second at most.",
                "Clips of this channel have {n} seconds at most.",
                rules.duration_max_s,
            ).format(n=rules.duration_max_s),
            _("Choose a shorter one, or order in another channel."),
        )
    price = Micros(quote.price_micros * order.takes)
    if rules.price_max_micros is not None and price > rules.price_max_micros:
        raise _against(
            _("An order in this channel costs {most} at most, and this one {price}.").format(
                most=format_usd(rules.price_max_micros), price=format_usd(price)
            ),
            _("Choose something cheaper or fewer takes, or order in another channel."),
        )


def check_age(*, mature: bool, age_restricted: bool) -> None:
    """Return if the place is one for what this would show.

    Raises:
        AgainstRules: it is for adults, and Discord does not mark the channel so.
    """
    if mature and not age_restricted:
        raise _against(
            _("This is for age-restricted channels alone, and Discord does not mark this one so."),
            _("Order it in one that is, or order something else."),
        )


def spell(seconds: int) -> str:
    """A length of time in the largest units that say it exactly."""
    for size, one in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {one}"
    return f"{seconds} s"


def _against(what: str, do: str) -> AgainstRules:
    return AgainstRules(what, do, kind=FaultKind.PERMISSIONS)
