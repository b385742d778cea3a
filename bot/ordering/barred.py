"""Who may order and press at all: not those in Discord's time-out, blocked, or cooling down."""

import sqlite3
from datetime import datetime

from bot.domain import FaultKind, Member
from bot.errors import Barred
from bot.language import _
from storage import people
from storage.people import EVERYWHERE


def check_time_out(until: datetime | None, at: datetime) -> None:
    """Return if Discord has not silenced the presser; `until` is what it said with the press.

    Raises:
        Barred: it has.
    """
    if until is not None and at < until:
        raise Barred(
            _("This server's moderators have you in time-out until {when}.").format(when=_moment(until)),
            _("Come back after it."),
            kind=FaultKind.PERMISSIONS,
        )


def check_standing(tx: sqlite3.Connection, member: Member, at: datetime, *, orders: bool) -> None:
    """Return if no block (and for `orders` no cool-down) holds.

    Raises:
        Barred: it says until when; `/standing` says why.
    """
    standing = people.standing(tx, member.guild_id, member.user_id, at)
    if standing is people.GOOD:
        return
    if standing.block is not None:
        until = standing.block.until
        if standing.block.guild_id == EVERYWHERE:
            what = (
                _("Whoever runs this bot has blocked you from it.")
                if until is None
                else _("Whoever runs this bot has blocked you from it until {when}.").format(
                    when=_moment(until)
                )
            )
        else:
            what = (
                _("You are blocked from this bot on this server.")
                if until is None
                else _("You are blocked from this bot on this server until {when}.").format(
                    when=_moment(until)
                )
            )
        do = (
            _("/standing says why.")
            if standing.block.guild_id == EVERYWHERE
            else _("/standing says why, and takes an appeal.")
        )
        raise Barred(what, do, kind=FaultKind.PERMISSIONS)
    if orders and standing.cooldown is not None and standing.cooldown.until is not None:
        raise Barred(
            _("A cool-down keeps you from ordering here until {when}.").format(
                when=_moment(standing.cooldown.until)
            ),
            _("/standing says why, and takes an appeal."),
            kind=FaultKind.PERMISSIONS,
        )


def _moment(at: datetime) -> str:
    # Discord shows it in the reader's own zone and language; the next second is the first that is free.
    return f"<t:{int(at.timestamp()) + 1}:f>"
