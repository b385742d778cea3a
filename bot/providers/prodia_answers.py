"""What the answers of the `prodia` protocol prove, and what they say about a job. No call is made here.

What each outcome of the one POST proves (the statuses are outcomes.py's):

| what came back                                    | proves                | fault                        |
|---------------------------------------------------|-----------------------|------------------------------|
| no connection (DNS, refused, TLS, time)           | NotTaken              | provider_unreachable         |
| a connection, but no whole status and headers     | Unknown               |                              |
| 2xx with a readable id (201 is documented)        | Taken                 |                              |
| 2xx without one                                   | Unknown               |                              |
| 307, 308                                          | NotTaken              | provider_redirects           |
| 4xx below, text of a moderation                   | Refused               | moderation_blocked (rules)   |
| 402                                               | NotTaken              | provider_out_of_credit       |
| 404, 410; 400 "job type", "does not support async"| Refused               | model_gone                   |
| 401, 403, 407 ("token is invalid")                | NotTaken              | provider_key_refused         |
| 429                                               | NotTaken, Retry-After | provider_busy                |
| 429, too often and for too long (`ProdiaJobs`)    | Refused               | model_gone                   |
| 400, 405, 406, 411, 413, 414, 415, 417, 422, 431, | Refused               | prompt_refused,              |
| 451                                               |                       | picture_refused (by the      |
|                                                   |                       | field of `config` it names), |
|                                                   |                       | provider_refused             |
| all else: 1xx, 3xx, 408, 409, 425, 4xx, 5xx       | Unknown               |                              |

Errors are `{"error": "…"}`, a sentence without a code; what moderation or an empty purse says is in no
document. What a failed job is billed is the price in its `job.json`; without one nobody knows.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from bot.domain import FaultKind, Micros
from bot.errors import ClipUnusable, UnreadableAnswer
from bot.providers import http
from bot.providers.costs import micros_of
from bot.providers.outcomes import Said, is_moderation, moderation, theirs, time_of
from bot.providers.protocol import Failed, Rendered

PROTOCOL = "prodia"

_GONE = re.compile(
    r"(?:unknown|unsupported|invalid|no such) job type|(?:n't|not) support async", re.IGNORECASE
)
_VIDEO = re.compile(r"\.(?:mp4|webm|mov|m4v)$", re.IGNORECASE)
_NAMES_MAX = 100
_NAME = re.compile(r"(?!\.{1,2}$)[^/\\\x00-\x1f]{1,255}")


class State(StrEnum):
    """What `job.state.current` says, as plain text."""

    PROCESSING = "processing"
    PROCESSED = "processed"
    FAILED = "failed"


def said(answered: http.Answered, about: Mapping[str, FaultKind]) -> Said:
    """What an error body says; `about` tells whose matter a field of `config` is, by its name."""
    text = _error(answered.body)
    kinds = {kind for field, kind in about.items() if re.search(rf"\b{re.escape(field)}\b", text)}
    return Said(
        moderated=is_moderation(text),
        gone=_GONE.search(text) is not None,
        # Where it names both, neither is the one to tell the member of.
        about=kinds.pop() if len(kinds) == 1 else None,
    )


def state(answered: http.Answered) -> State:
    """How a job stands. What is in no document is no answer, and never success."""
    try:
        return State(answered.text)
    except ValueError as unknown:
        raise UnreadableAnswer(PROTOCOL, f"no state that is known: {answered.text}") from unknown


def rendered(answered: http.Answered) -> Rendered:
    """What a processed job cost, and how long it is kept, from its `job.json`."""
    body = answered.body
    if not isinstance(body, dict):
        raise UnreadableAnswer(PROTOCOL, f"no job: {answered.text}")
    return Rendered(billed_micros=_price(body), expires_at=time_of(body.get("expires_at")))


def failed(answered: http.Answered | None) -> Failed:
    """Why a job has no clip, from its `job.json`, None where that has expired.

    What it costs is the price that stands there; without one it is in no document.
    """
    body = None if answered is None else answered.body
    error = _error(body)
    detail = http.one_line(error)
    fault = moderation(detail) if is_moderation(error) else theirs("provider_failed", detail)
    return Failed(fault, _price(body))


def video(answered: http.Answered) -> str:
    """The name of a job's clip in the list of its output files.

    Raises:
        ClipUnusable: it has none.
    """
    if not isinstance(answered.body, list) or len(answered.body) > _NAMES_MAX:
        raise UnreadableAnswer(PROTOCOL, f"no list of files: {answered.text}")
    names = [name for name in answered.body if isinstance(name, str) and _NAME.fullmatch(name)]
    videos = [name for name in names if _VIDEO.search(name)]
    if not names:
        raise ClipUnusable("the job has no output file")
    return (videos or names)[0]


def _error(body: object) -> str:
    match body:
        case {"error": str(text)}:
            return text
        case {"error": {"message": str(text)}}:
            return text
        case _:
            return ""


def _price(body: object) -> Micros | None:
    match body:
        case {"price": {"dollars": dollars}}:
            return micros_of(dollars)
        case _:
            return None
