"""Consent of people: who is not to be depicted, whose clips are left alone, and what is said of a picture.

No face is looked for in a picture: whoever brings it says who is in it, and that is kept with the words that
were agreed to.
"""

import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.domain import FaultKind, GuildId, InteractionId, Kind, Member, UserId
from bot.errors import ChangeRefused, OrderRefused
from bot.language import _, later
from bot.ordering.asked import Asked
from bot.screening.folding import fold
from storage import acts, objections, pictures
from storage.acts import Verb
from storage.channel_rules import Pictured
from storage.database import Database
from storage.objections import Consent, Matter, Statement
from storage.withdrawals import consent_id, is_withdrawn

__all__ = (
    "STATEMENTS",
    "Consents",
    "Matter",
    "Statement",
    "Wishes",
    "check_depiction",
    "check_kept",
    "check_said",
    "names_in",
)

STATEMENTS: Mapping[Statement, str] = {
    Statement.NOBODY: later("Nobody real is in it"),
    Statement.AGREED: later("I am in it, or adults who have agreed to this"),
}
STATEMENTS_VERSION = 1
"""Of those words: whoever changes them counts on, since each consent's row says what was agreed to."""

NAMES_MAX = 8
NAME_CHARS_MIN, NAME_CHARS_MAX = 3, 100
"""Shorter ones are in too many words of others."""

_MENTION = re.compile(r"<@!?(\d{1,20})>", re.ASCII)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The lists that a member is on, and the names by which prompts may mean them."""

    matters: frozenset[Matter]
    names: tuple[str, ...] = ()


class Consents:
    """What members say about themselves, and what is kept of it."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def wishes(self, member: Member) -> Wishes:
        """What a member has said."""
        return await self._database.read(partial(_wishes, member))

    async def wish(
        self,
        member: Member,
        *,
        depict: bool | None,
        remix: bool | None,
        known_as: Iterable[str],
        also: str = "",
    ) -> Wishes:
        """Join or leave the lists; None leaves one as it is. The names are taken anew with each call.

        Args:
            member: who.
            depict: whether others may depict them.
            remix: whether others may remix their clips.
            known_as: the names that Discord shows of them.
            also: more, with commas between.

        Raises:
            ChangeRefused: there are too many names.
        """
        typed = [one for one in (" ".join(name.split()) for name in also.split(",")) if one]
        if len(typed) > NAMES_MAX:
            raise ChangeRefused(
                _("More than {n} names are not kept.").format(n=NAMES_MAX), _("Name those that matter most.")
            )
        names = {key for name in (*known_as, *typed) if (key := _key(name)) is not None}
        at = self._now()

        def put(tx: sqlite3.Connection) -> Wishes:
            for matter, may, verbs in (
                (Matter.DEPICT, depict, (Verb.DEPICTION_REFUSED, Verb.DEPICTION_ALLOWED)),
                (Matter.REMIX, remix, (Verb.REMIX_REFUSED, Verb.REMIX_ALLOWED)),
            ):
                if may is None:
                    continue
                changed = (
                    objections.leave(tx, member, matter)
                    if may
                    else objections.join(tx, member, matter, at=at)
                )
                if changed:
                    _record(tx, verbs[may], member, at)
            kept = Matter.DEPICT in objections.of_member(tx, member)
            if depict is not None or (kept and typed):
                objections.set_names(tx, member, names if kept else ())
            return _wishes(member, tx)

        return await self._database.write(put)

    async def check(self, asked: Asked, pictured: Pictured) -> None:
        """Return if nobody is depicted who objects, and if what is said of the picture is enough here.

        What is said of a picture is kept, whatever becomes of the order.

        Raises:
            OrderRefused: with what is missing.
        """
        member = Member(guild_id=GuildId(asked.guild_id), user_id=UserId(asked.user_id))
        listed = await self._database.read(partial(objections.undepicted, guild_id=member.guild_id))
        check_depiction(asked.prompt, listed, by=member.user_id)
        if asked.kind != Kind.ANIMATE or asked.picture is None:
            return
        said = Statement(asked.people) if asked.people in set(Statement) else None
        check_said(said, pictured)
        if said is not None:
            await self._database.write(partial(_keep, asked, member, said, self._now()))
            check_kept(await self._database.read(partial(is_withdrawn, interaction_id=_press(asked))))


def check_said(said: Statement | None, pictured: Pictured) -> None:
    """Return if what is said of a picture is enough where it is to be animated.

    Raises:
        OrderRefused: with what is missing.
    """
    if pictured is not Pictured.ALL and said is None:
        raise OrderRefused(
            _("This channel asks who is in a picture before it is animated."),
            _("Order again with /animate and choose what holds at its option people."),
            kind=FaultKind.LIKENESS,
        )
    if pictured is Pictured.OFF and said is Statement.AGREED:
        raise OrderRefused(
            _("Pictures of people are not animated in this channel."),
            _("Choose a picture of nobody real, or another channel."),
            kind=FaultKind.LIKENESS,
        )


def check_kept(withdrawn: bool) -> None:  # noqa: FBT001 - what a look into the rows has found
    """Return if what was said of a picture was not taken back since.

    Raises:
        OrderRefused: it was.
    """
    if withdrawn:
        raise OrderRefused(
            _("What you said of the people in this picture was taken back."),
            _("Order again with /animate, with a picture of people who agree."),
            kind=FaultKind.LIKENESS,
        )


def check_depiction(prompt: str, listed: Mapping[UserId, Iterable[str]], *, by: UserId) -> None:
    """Return if a prompt means nobody who is not to be depicted, but whoever writes it.

    Args:
        prompt: as it was written.
        listed: who is not to be, with the names by which they are known, as `names_in` compares them.
        by: who orders.

    Raises:
        OrderRefused: it does not say whom.
    """
    others = {user_id: names for user_id, names in listed.items() if user_id != by}
    if not others:
        return
    mentioned = {int(one) for one in _MENTION.findall(prompt)}
    words = names_in(prompt)
    if any(user_id in mentioned or not words.isdisjoint(names) for user_id, names in others.items()):
        raise OrderRefused(
            _("The prompt means somebody here who does not want to be depicted."),
            _("Leave them out and order again."),
            kind=FaultKind.LIKENESS,
        )


def names_in(text: str) -> frozenset[str]:
    """Every run of up to four words of a text, folded: one width and case, nothing invisible, no marks."""
    words = _WORD.findall(fold(text))
    return frozenset(
        " ".join(words[start : start + count]) for start in range(len(words)) for count in range(1, 5)
    )


def _key(name: str) -> str | None:
    """A name as it is compared; None where it is too short, or has more words than are looked at together."""
    words = _WORD.findall(fold(name))
    key = " ".join(words)
    return key if len(words) <= 4 and NAME_CHARS_MIN <= len(key) <= NAME_CHARS_MAX else None


def _wishes(member: Member, tx: sqlite3.Connection) -> Wishes:
    return Wishes(matters=objections.of_member(tx, member), names=tuple(objections.names_of(tx, member)))


def _press(asked: Asked) -> InteractionId:
    return InteractionId(asked.interaction_id)


def _keep(asked: Asked, member: Member, said: Statement, at: datetime, tx: sqlite3.Connection) -> None:
    picture = pictures.get(tx, asked.picture or "")
    if picture is None or picture.member != member:
        return  # the price will say that it is not theirs, or gone
    consent = Consent(
        id=consent_id(_press(asked)),
        member=member,
        statement=said,
        text_version=STATEMENTS_VERSION,
        sha256=picture.sha256,
        at=at,
    )
    if objections.record_consent(tx, consent):
        _record(tx, Verb.CONSENT_GIVEN, member, at, version=STATEMENTS_VERSION, statement=said.value)


def _record(tx: sqlite3.Connection, verb: Verb, member: Member, at: datetime, **detail: int | str) -> None:
    acts.record(
        tx,
        verb=verb,
        actor_id=member.user_id,
        guild_id=member.guild_id,
        subject=f"member:{member.user_id}",
        detail=detail,
        at=at,
    )
