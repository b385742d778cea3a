"""A report as a message: the picture, the same numbers as text, and every line of it as a CSV file."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import discord
from discord import ui

from bot.language import _, ngettext
from bot.money import format_usd, with_display
from bot.quoting import escaped, plain, shortened
from bot.spend.charts import BARS_MAX, Bar, Panel, drawn
from bot.spend.spending import Report, Share
from cogs.cards import ALT_UNITS_MAX

PICTURE = "spending.png"
FILE = "spending.csv"
NAME_UNITS_MAX = 60

Names = Callable[[int], str]
"""A channel's or server's name by its id; the empty text where it is not known."""


def channel_names(guild: discord.Guild | None) -> Names:
    """Those of a server's channels."""

    def name(channel_id: int) -> str:
        channel = None if guild is None else guild.get_channel(channel_id)
        return "" if channel is None else channel.name

    return name


async def report_view(
    report: Report,
    *,
    channel_name: Names,
    guild_name: Names,
    play_money: bool,
    title: str | None = None,
    row: Sequence[ui.Item[Any]] = (),
) -> tuple[ui.LayoutView, list[discord.File]]:
    """The message, and the files that it shows.

    Args:
        report: what it is about.
        channel_name: for the picture, which cannot hold mentions.
        guild_name: where the report is of all guilds.
        play_money: whether the prices are for trying out only.
        title: another one than the days.
        row: what can be pressed below it.
    """
    days = report.by_day()
    members, models = _top(report.by_member()), _top(report.by_model())
    places: list[Share[Any]] = _top(report.by_channel() if report.guild_id is not None else report.by_guild())
    name_of = channel_name if report.guild_id is not None else guild_name
    picture = await drawn(
        days,
        (
            Panel("@", _bars(members, lambda _key: "")),
            Panel(">", _bars(models, str)),
            Panel("#", _bars(places, name_of)),
        ),
    )
    whole = report.whole
    since, until = report.since.isoformat(), report.until.isoformat()
    head = title or _("Spending from {since} to {until}").format(since=since, until=until)
    lines = [f"### {head}"]
    if play_money:
        lines.append(_("All of it is play money."))
    lines += [
        _("**Spent** {money}").format(money=with_display(whole.spent_micros)),
        _("**Set aside** for orders in hand: {money}").format(money=with_display(whole.held_micros)),
        ngettext("{n} order", "{n} orders", whole.orders).format(n=whole.orders),
    ]
    if report.house_micros is not None:
        lines.append(
            _("**Borne by the installation** itself: {money}").format(money=format_usd(report.house_micros))
        )
    if days and (most := max(days, key=lambda share: share.used_micros)).used_micros:
        lines.append(
            _("The most on one day: {money}, on {day}").format(
                money=format_usd(most.used_micros), day=most.key.isoformat()
            )
        )
    parts: list[ui.Item[Any]] = [
        ui.TextDisplay("\n".join(lines)),
        ui.MediaGallery(discord.MediaGalleryItem(f"attachment://{PICTURE}", description=_alt(report))),
        ui.TextDisplay(_list(_("Members"), "@", members, _person)),
        ui.TextDisplay(_list(_("Models"), ">", models, lambda key: escaped(str(key)))),
    ]
    if report.guild_id is not None:
        parts.append(ui.TextDisplay(_list(_("Channels"), "#", places, lambda key: f"<#{key}>")))
    else:
        parts.append(ui.TextDisplay(_list(_("Servers"), "#", places, lambda key: _server(guild_name, key))))
    parts.append(ui.File(f"attachment://{FILE}"))
    if row:
        parts.append(ui.ActionRow(*row))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts))
    files = [
        discord.File(io.BytesIO(picture), PICTURE, description=_alt(report)),
        discord.File(io.BytesIO(report.csv()), FILE),
    ]
    return view, files


def _alt(report: Report) -> str:
    """What somebody hears who cannot see the picture; the texts around it say the rest."""
    whole = report.whole
    told = _(
        "Columns by day and bars by member, model and place: {spent} spent and {held} set aside."
    ).format(spent=format_usd(whole.spent_micros), held=format_usd(whole.held_micros))
    return shortened(told, ALT_UNITS_MAX)


def _top(shares: Sequence[Share[Any]]) -> list[Share[Any]]:
    """The largest; those that do not fit are one more, whose key is None."""
    if len(shares) <= BARS_MAX:
        return list(shares)
    rest = shares[BARS_MAX - 1 :]
    others: Share[Any] = Share(
        None,
        sum(share.orders for share in rest),
        type(rest[0].spent_micros)(sum(share.spent_micros for share in rest)),
        type(rest[0].held_micros)(sum(share.held_micros for share in rest)),
    )
    return [*shares[: BARS_MAX - 1], others]


def _bars(shares: Sequence[Share[Any]], name_of: Callable[[Any], str]) -> tuple[Bar, ...]:
    return tuple(
        Bar(
            "..." if share.key is None else str(place),
            "" if share.key is None else plain(name_of(share.key)),
            share.spent_micros,
            share.held_micros,
        )
        for place, share in enumerate(shares, start=1)
    )


def _person(key: object) -> str:
    """A member; a number below zero is somebody who had their data erased."""
    return f"<@{key}>" if isinstance(key, int) and key > 0 else _("somebody erased")


def _list(title: str, sign: str, shares: Sequence[Share[Any]], name_of: Callable[[Any], str]) -> str:
    """One of the picture's panels as text, with the same numbers at its lines."""
    lines = [f"**{escaped(sign)} {title}**"]
    for place, share in enumerate(shares, start=1):
        name = _("all others") if share.key is None else name_of(share.key)
        told = _("{name}: {spent} spent").format(name=name, spent=format_usd(share.spent_micros))
        if share.held_micros:
            told = _("{told}, {held} set aside").format(told=told, held=format_usd(share.held_micros))
        orders = ngettext("{n} order", "{n} orders", share.orders).format(n=share.orders)
        lines.append(f"{place}. {told} ({orders})")
    if not shares:
        lines.append(_("Nothing yet."))
    return "\n".join(lines)


def _server(guild_name: Names, guild_id: int) -> str:
    name = guild_name(guild_id)
    return f"{escaped(shortened(name, NAME_UNITS_MAX))} ({guild_id})" if name else str(guild_id)
