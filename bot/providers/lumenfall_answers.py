"""What the answers of the `lumenfall` protocol prove, and what they say about a job. No call is made here.

What each outcome of the one POST proves (the statuses are outcomes.py's):

| what came back                                        | proves                | fault                  |
|-------------------------------------------------------|-----------------------|------------------------|
| no connection (DNS, refused, TLS, time)               | NotTaken              | provider_unreachable   |
| a connection, but no whole status and headers         | Unknown               |                        |
| 2xx with a readable id (202; 200: the key was known)  | Taken                 |                        |
| 2xx without one                                       | Unknown               |                        |
| 307, 308                                              | NotTaken              | provider_redirects     |
| ALL_PROVIDERS_EXHAUSTED (502), where every attempt    | Refused               | moderation_blocked     |
| was turned down by moderation                         |                       |                        |
| ALL_PROVIDERS_EXHAUSTED otherwise                     | Unknown               |                        |
| 4xx below, CONTENT_POLICY_VIOLATION, or UPSTREAM_ERROR| Refused               | moderation_blocked     |
| that speaks of moderation                             |                       |                        |
| 401, 402, 403, 407 as UPSTREAM_ERROR                  | NotTaken              | upstream_refused       |
| 402 (INSUFFICIENT_BALANCE)                            | NotTaken              | provider_out_of_credit |
| 404, 410; MODEL_NOT_FOUND, MODEL_DISABLED             | Refused               | model_gone             |
| 401 (AUTHENTICATION_FAILED), 403, 407                 | NotTaken              | provider_key_refused   |
| 429 (RATE_LIMITED)                                    | NotTaken, Retry-After | provider_busy          |
| 400 (INVALID_REQUEST), 405, 406, 411, 413, 414, 415,  | Refused               | prompt_refused,        |
| 417, 422, 431, 451                                    |                       | picture_refused (by    |
|                                                       |                       | the field it names),   |
|                                                       |                       | provider_refused       |
| all else: 1xx, 3xx, 408, 409, 425, 4xx, 5xx           | Unknown               |                        |

ALL_PROVIDERS_EXHAUSTED says that everybody who was tried failed: by moderation, for want of quota, or by a
timeout, behind which a provider may be at work, and Lumenfall writes partial costs of failed requests too.
So it proves nothing by itself, and is resolved as any unknown is: by the same key again. Only where it names
its attempts (`metadata.attempts`; or where the order forced one provider, whose words the message then is)
and each of them was turned down by moderation, nothing can have been made.

An UPSTREAM_ERROR has the status of a provider behind: a 401 there is about Lumenfall's key, not ours.

A failure arrives with HTTP 200, as a job whose status says so. There the attempts (or the message) only
decide whose matter it is: it is the rules' as soon as one of them speaks of moderation.

What a job that failed or was stopped is billed: its `metadata.cost`; without it nobody knows.

(docs.lumenfall.ai: errors, videos/get, cost-estimation, webhooks; github.com/lumenfall-ai/agent-skill
@80efd74: error-reference.md, lumenfall.mjs; read 2026-11-21.)
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain import FaultKind, Micros, Ticket
from bot.errors import AssetGone, ProviderUnavailable, UnreadableAnswer
from bot.providers import http, openai_answers, outcomes
from bot.providers.costs import micros_of
from bot.providers.lumenfall_words import PICTURE_FIELD
from bot.providers.outcomes import Said, is_moderation, moderation, theirs
from bot.providers.protocol import (
    Answer,
    Failed,
    NotTaken,
    Refused,
    Rendered,
    Rendering,
    Stopped,
    Submission,
    Unknown,
    Vanished,
    Waiting,
)

PROTOCOL = "lumenfall"

Sent = http.Answered | http.NeverSent | http.NoAnswer

_EXHAUSTED = "ALL_PROVIDERS_EXHAUSTED"
_UPSTREAM = "UPSTREAM_ERROR"
_MODERATION = "CONTENT_POLICY_VIOLATION"
_GONE = {"MODEL_NOT_FOUND", "MODEL_DISABLED"}

_MODERATED = re.compile(r"content_policy|\(E005\)|IMAGE_SAFETY", re.IGNORECASE)
"""What the providers behind say besides `is_moderation`: fal's type, Replicate's code, Gemini's reason."""

_CANCELLED = re.compile(r"CANCELL?ED")
_ABOUT = {
    FaultKind.PROMPT: re.compile(r"\bprompt\b|too big: expected string", re.IGNORECASE),
    FaultKind.PICTURE: re.compile(
        rf"\b{PICTURE_FIELD}\b|invalid image file|multiple input images", re.IGNORECASE
    ),
}
EVENTS = frozenset({"video.completed", "video.failed", "video.cancelled"})
_NESTED_MAX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Error:
    """An error as far as it can be read; `attempts` are the words of each provider that was tried."""

    code: str = ""
    message: str = ""
    attempts: tuple[str, ...] = ()


def proved(sent: Sent, *, forces_provider: bool, now: datetime) -> Submission:
    """What became of the one POST of a job: the table above.

    `forces_provider` says that the order left Lumenfall no choice (`fal/sora-2-pro`).
    """
    match sent:
        case http.Answered(status=status) if not sent.ok:
            error = _error(sent.body)
            if error.code == _EXHAUSTED:
                return _exhausted(sent, error, forces_provider=forces_provider)
            if error.code == _UPSTREAM and status in {401, 402, 403, 407} and not _is_ruled_out(error):
                return NotTaken(theirs("upstream_refused", f"{status}: {sent.text}"))
    return outcomes.proved(sent, _said, now=now)


def _exhausted(sent: http.Answered, error: _Error, *, forces_provider: bool) -> Refused | Unknown:
    detail = f"{sent.status}: {sent.text}"
    tried = error.attempts or ((error.message,) if forces_provider else ())
    if tried and all(map(_speaks_of_rules, tried)):
        return Refused(moderation(detail))
    return Unknown(detail)


def _said(answered: http.Answered) -> Said:
    error = _error(answered.body)
    kinds = [kind for kind, pattern in _ABOUT.items() if pattern.search(error.message)]
    return Said(
        moderated=_is_ruled_out(error),
        gone=error.code in _GONE,
        # Where it names both, neither is the one to tell the member of.
        about=kinds[0] if len(kinds) == 1 else None,
    )


def standing(answered: http.Answered, ticket: Ticket, *, now: datetime) -> Answer:
    """How the job stands, and what it cost. What is in no document is no answer, and never success.

    A cost that is not said, or not in dollars, is not known, also of a job that failed or was stopped: the
    documents promise no refund, and partial costs of failed requests are written. `uncounted_cost` tells of
    one in another currency. Four states are documented, and which of them a cancelled job has is not:
    `cancelled` is what the webhook says, and a failure by a code that says so is believed too.
    """
    answer = openai_answers.standing(answered, ticket, now=now, protocol=PROTOCOL)
    billed = _cost(answered.body)
    match answer:
        case Rendered():
            return replace(answer, billed_micros=billed)
        case Stopped():
            return Stopped(billed)
        case Failed(fault):
            error = _error(answered.body)
            if _CANCELLED.search(error.code):
                return Stopped(billed)
            detail = http.one_line("; ".join((fault.detail, *error.attempts)))
            ruled_out = any(map(_speaks_of_rules, (error.code, error.message, *error.attempts)))
            fault = moderation(detail) if ruled_out else replace(fault, detail=detail)
            return Failed(fault, billed)
        case Waiting() | Rendering() | Vanished():
            return answer


def uncounted_cost(answered: http.Answered) -> str:
    """A job's cost where it is no amount of dollars, as it was said; `""` where it is one, or not said."""
    match answered.body:
        case {"metadata": {"cost": cost, **rest}} if cost is not None and _cost(answered.body) is None:
            return http.one_line(f"{cost} {rest.get('cost_currency', '')}")
        case _:
            return ""


def _cost(body: object) -> Micros | None:
    match body:
        case {"metadata": {"cost": cost, "cost_currency": str(currency)}} if _is_dollars(currency):
            return micros_of(cost)
        case _:
            return None


def estimate(answered: http.Answered) -> Micros | None:
    """What a dry run says that an order will cost; None where it is no answer to one."""
    match answered.body:
        case {"estimated": True, "total_cost_micros": micros, "currency": str(currency)} if _is_dollars(
            currency
        ):
            return micros_of(micros, unit_micros=1)
        case _:
            return None


def _is_dollars(currency: str) -> bool:
    return currency.upper() == "USD"  # in small letters in `/v1/requests`


def output(answered: http.Answered, *, now: datetime) -> str:
    """The address of a job's file.

    Raises:
        AssetGone: there is none any more.
        ProviderUnavailable: there is none yet.
    """
    match answered.body:
        case {"status": "completed", "output": {"url": str(address)}}:
            return address
        case {"status": "completed", "expires_at": int(at)} if at <= now.timestamp():
            raise AssetGone("Lumenfall no longer has the file")
        case _:
            raise ProviderUnavailable("the job has no file yet")


def secret(answered: http.Answered) -> str:
    """The webhooks' secret, `{"key": "whsec_…"}`. It is in no error."""
    match answered.body:
        case {"key": str(key)}:
            return key
        case _:
            raise UnreadableAnswer(PROTOCOL, "no secret of the webhooks")


def _error(body: object) -> _Error:
    """`{"error": {code, message}}`, or flat, as Lumenfall's own command line reads it too."""
    if not isinstance(body, dict):
        return _Error()
    error = _object(body, "error")
    attempts = _object(body, "metadata").get("attempts")
    code = error.get("code") or error.get("error_code") or body.get("error_code")
    message = error.get("message") or body.get("message")
    return _Error(
        code=code.upper() if isinstance(code, str) else "",
        message=message if isinstance(message, str) else "",
        attempts=tuple(" ".join(_texts(one)) for one in attempts) if isinstance(attempts, list) else (),
    )


def _object(body: Mapping[object, object], name: str) -> Mapping[object, object]:
    inner = body.get(name)
    return inner if isinstance(inner, dict) else {}


def _texts(value: object, nested: int = 0) -> Iterator[str]:
    """All that is text in an attempt; the shape of one is in no document."""
    match value:
        case str():
            yield value
        case dict() if nested < _NESTED_MAX:
            for each in value.values():
                yield from _texts(each, nested + 1)
        case list() if nested < _NESTED_MAX:
            for each in value:
                yield from _texts(each, nested + 1)


def _is_ruled_out(error: _Error) -> bool:
    """Whether it was turned down by moderation: by its code, or as the provider behind said it."""
    return error.code == _MODERATION or (error.code == _UPSTREAM and _speaks_of_rules(error.message))


def _speaks_of_rules(text: str) -> bool:
    return _MODERATED.search(text) is not None or is_moderation(text)
