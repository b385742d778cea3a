"""What an answer proves whatever the protocol: by its status, and by what the protocol reads in its error.

The statuses that prove something prove it even where their body is lost or no JSON: whoever answered so,
the API or a proxy before it, turned the request down. The others do not: a 5xx and a 408 come from proxies
that had already passed the request on, and a 409 may mean that a first copy is being worked on. 307 and 308
ask for the same request elsewhere, so it was not acted on (RFC 9110, 15.4.8 and 15.4.9), while 301 to 303
may follow a POST that was (15.4.2 to 15.4.4).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.domain import Attempt, Fault, FaultKind, Ticket
from bot.errors import ProviderBusy, ProviderUnavailable, UnreadableAnswer
from bot.providers import http
from bot.providers.protocol import NotTaken, Refused, Submission, Taken, Unknown

JOB_ID = re.compile(r"(?!\.{1,2}$)[\x21-\x7e]{1,512}")
"""What may be an id: visible ASCII (it is quoted into a path, so it must not be `.` or `..`)."""

_KEY_REFUSED = {401, 403, 407}
_REFUSED = {400, 405, 406, 411, 413, 414, 415, 417, 422, 431, 451}
_PROVEN_NOT_TAKEN = _REFUSED | _KEY_REFUSED | {402, 404, 410, 429}

_MODERATION = re.compile(
    r"flagged as sensitive|moderat|content polic|safety (?:system|filter)|nsfw", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a protocol reads in the body of an error.

    `about` is the part of the order that it names, `PROMPT` or `PICTURE`; `retry_after_s` the wait that
    its text asks for, where no header does; `no_credit` that the account is empty, where no 402 does.
    """

    moderated: bool = False
    no_credit: bool = False
    gone: bool = False
    about: FaultKind | None = None
    retry_after_s: float | None = None


def proved(
    sent: http.Answered | http.NeverSent | http.NoAnswer,
    said: Callable[[http.Answered], Said],
    *,
    now: datetime,
) -> Submission:
    """What became of the one POST of a job; an answer of success has the job's id as `id`."""
    match sent:
        case http.NeverSent(detail):
            return NotTaken(theirs("provider_unreachable", detail))
        case http.NoAnswer(detail):
            return Unknown(detail)
        case http.Answered(status=status) if sent.ok:
            match sent.body:
                case {"id": str(job_id)} if JOB_ID.fullmatch(job_id):
                    return Taken(Ticket(provider_job_id=job_id))
                case _:
                    return Unknown(f"taken, it seems, but without an id: {status}: {sent.text}")
        case http.Answered(status=307 | 308):
            return NotTaken(theirs("provider_redirects", _detail(sent)))
        case http.Answered(status=status) if status in _PROVEN_NOT_TAKEN:
            return _turned_down(sent, said(sent), now)
        case http.Answered():
            return Unknown(_detail(sent))


def _turned_down(answered: http.Answered, said: Said, now: datetime) -> NotTaken | Refused:
    detail = _detail(answered)
    if said.moderated:
        return Refused(moderation(detail))
    if said.no_credit or answered.status == 402:
        return NotTaken(theirs("provider_out_of_credit", detail))
    if said.gone or answered.status in (404, 410):
        return Refused(theirs("model_gone", detail))
    if answered.status in _KEY_REFUSED:
        return NotTaken(theirs("provider_key_refused", detail))
    if answered.status == 429:
        wait_s = http.retry_after_s(answered.headers, now=now) or said.retry_after_s
        return NotTaken(theirs("provider_busy", detail), wait_s)
    if said.about is FaultKind.PROMPT:
        return Refused(Fault(kind=FaultKind.PROMPT, code="prompt_refused", detail=detail))
    if said.about is FaultKind.PICTURE:
        return Refused(Fault(kind=FaultKind.PICTURE, code="picture_refused", detail=detail))
    return Refused(theirs("provider_refused", detail))


def job_in(answered: http.Answered, ticket: Ticket, protocol: str) -> dict[object, object]:
    """The body of an answer about a job, which must be this one.

    Raises:
        UnreadableAnswer: no object, or another job's.
    """
    body = answered.body
    if not isinstance(body, dict):
        raise UnreadableAnswer(protocol, f"no job: {answered.text}")
    if body.get("id", ticket.provider_job_id) != ticket.provider_job_id:
        raise UnreadableAnswer(protocol, "the answer is about another job")
    return body


def is_gone(answered: http.Answered, protocol: str) -> bool:
    """Whether the API says that it does not know what it was asked about.

    Raises:
        UnreadableAnswer: a page says so. A proxy without its server does the same, and no job is given up
            for that.
    """
    if answered.status not in (404, 410):
        return False
    if not answered.text or answered.text.startswith("<"):
        raise UnreadableAnswer(protocol, f"{answered.status} that is not the API's: {answered.text}")
    return True


def expect_ok(answered: http.Answered, protocol: str, *, now: datetime) -> None:
    """Go on only after a success.

    Raises:
        ProviderUnavailable: a passing refusal, with the wait that it asks for (`ProviderBusy`: a 429).
        UnreadableAnswer: one that no question of ours should get.
    """
    if answered.ok:
        return
    if answered.status in _KEY_REFUSED | {408, 409, 425, 429} or answered.status >= 500:
        wait_s = http.retry_after_s(answered.headers, now=now)
        if answered.status == 429:
            raise ProviderBusy(_detail(answered), retry_after_s=wait_s)
        raise ProviderUnavailable(_detail(answered), retry_after_s=wait_s)
    if 300 <= answered.status < 400:
        raise UnreadableAnswer(protocol, f"{answered.status}: a redirect, which no question follows")
    raise UnreadableAnswer(protocol, _detail(answered))


def time_of(said: object) -> datetime | None:
    """A time in ISO 8601 with its zone; None for what is none."""
    try:
        at = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def is_moderation(text: str) -> bool:
    """Whether an error speaks of the provider's rules; for protocols that have no code for it."""
    return _MODERATION.search(text) is not None


def moderation(detail: str) -> Fault:
    return Fault(kind=FaultKind.RULES, code="moderation_blocked", detail=detail)


def theirs(code: str, detail: str) -> Fault:
    return Fault(kind=FaultKind.PROVIDER, code=code, detail=detail)


def offer_changed(detail: str) -> Fault:
    """What was quoted is not to be had any more, by our own catalogue or our own file: nobody was asked."""
    return theirs("offer_changed", detail)


def no_offer(attempt: Attempt) -> Refused:
    """There is no wire for the attempt's offer."""
    return Refused(offer_changed(f"{attempt.offer_id} is no longer in the catalogue"))


def _detail(answered: http.Answered) -> str:
    return f"{answered.status}: {answered.text}"
