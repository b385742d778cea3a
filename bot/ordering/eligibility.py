"""Who may order what costs money, by age: of the Discord account, and of the membership in the server."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.domain import FaultKind, Quote, UserId
from bot.errors import TooNew
from bot.language import _, ngettext

_DISCORDS_EPOCH_MS = 1_420_070_400_000
"""The first of January 2015 (docs.discord.com/developers/reference#snowflakes)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumAges:
    """How old an account and a membership must be before its first paid order; zero asks for nothing."""

    account: timedelta = timedelta(0)
    membership: timedelta = timedelta(0)


NO_AGES = MinimumAges()


def check_ages(
    quote: Quote, user_id: UserId, joined_at: datetime | None, ages: MinimumAges, at: datetime
) -> None:
    """Return if this person may place the order now. What costs no money is for everybody.

    Args:
        quote: the order's; only one that somebody would bill is looked at.
        user_id: whose order it is; a Discord id holds the moment when the account was made.
        joined_at: when they joined the server, None where Discord did not say (it is then too recent).
        ages: what the operator asks for.
        at: now.

    Raises:
        TooNew: with the sentence for the member; nothing was charged.
    """
    if not quote.costs_money:
        return
    if (opens_at := made_at(user_id) + ages.account) > at:
        days = ages.account.days
        raise TooNew(
            ngettext(
                "Orders that cost money need a Discord account that is {days} day old, and yours is newer.",
                "Orders that cost money need a Discord account that is {days} days old, and yours is newer.",
                days,
            ).format(days=days),
            _until(opens_at),
            kind=FaultKind.SERVER_BUDGET,
        )
    if not ages.membership:
        return
    opens_at = (at if joined_at is None else joined_at) + ages.membership
    if opens_at > at:
        days = ages.membership.days
        raise TooNew(
            ngettext(
                "Orders that cost money are for those who joined this server at least {days} day ago.",
                "Orders that cost money are for those who joined this server at least {days} days ago.",
                days,
            ).format(days=days),
            _("Choose a free model.") if joined_at is None else _until(opens_at),
            kind=FaultKind.SERVER_BUDGET,
        )


def made_at(user_id: UserId) -> datetime:
    """When a Discord account was made, as its id says."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=(user_id >> 22) + _DISCORDS_EPOCH_MS)


def _until(opens_at: datetime) -> str:
    # Discord shows the moment in the reader's own zone and language; the next second is the first.
    moment = f"<t:{int(opens_at.timestamp()) + 1}:f>"
    return _("Choose a free model, or order again after {moment}.").format(moment=moment)
