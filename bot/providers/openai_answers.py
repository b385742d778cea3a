"""What the answers of the `openai` protocol prove, and what they say about a job. No call is made here.

What each outcome of the one POST proves:

| what came back                                | proves                | fault                          |
|-----------------------------------------------|-----------------------|--------------------------------|
| no connection (DNS, refused, TLS, time)       | NotTaken              | provider_unreachable           |
| a connection, but no whole status and headers | Unknown               |                                |
| 2xx with a readable id                        | Taken                 |                                |
| 2xx without one                               | Unknown               |                                |
| 307, 308                                      | NotTaken              | provider_redirects             |
| 4xx below, code of a moderation               | Refused               | moderation_blocked (rules)     |
| 402; 4xx below, code of an empty purse        | NotTaken              | provider_out_of_credit         |
| 404, 410; 4xx below, code `model_not_found`   | Refused               | model_gone                     |
| 404, 410 of another code, to a call that      | Refused               | source_gone                    |
| names a clip                                  |                       |                                |
| 401, 403, 407                                 | NotTaken              | provider_key_refused           |
| 429                                           | NotTaken, Retry-After | provider_busy                  |
| 400, 405, 406, 411, 413, 414, 415, 417, 422,  | Refused               | prompt_refused,                |
| 431, 451                                      |                       | picture_refused (by `param`),  |
|                                               |                       | provider_refused               |
| all else: 1xx, 3xx, 408, 409, 425, 4xx, 5xx   | Unknown               |                                |

What a job that failed or was stopped is billed stands in no answer and in no document of OpenAI's: unknown,
but where nobody bills at all (`bills_failures`).

Why these prove it and the others do not is in outcomes.py. LiteLLM's proxy answers 408 when *its* provider
timed out.
"""

import base64
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from bot.domain import Fault, FaultKind, Micros, Ticket
from bot.errors import UnreadableAnswer
from bot.providers import http, outcomes
from bot.providers.listing import Listed
from bot.providers.outcomes import JOB_ID, Said, job_in, moderation, theirs
from bot.providers.protocol import (
    Answer,
    Failed,
    Refused,
    Rendered,
    Rendering,
    Stopped,
    Submission,
    Taken,
    Waiting,
)
from bot.providers.tickets import CHARACTER

PROTOCOL = "openai"

ECHO_KEY = "dailies_job"
"""Under this name the attempt's key stands in the wire's `echo_field`."""

Sent = http.Answered | http.NeverSent | http.NoAnswer

_MODERATION = {"moderation_blocked", "content_policy_violation", "content_filter"}  # OpenAI; Lumenfall; Azure
_NO_CREDIT = {"insufficient_quota", "billing_hard_limit_reached", "insufficient_balance"}
_MODEL_GONE = {"model_not_found"}
_SOURCE_FIELDS = ("input_reference", "video")
EVENTS = frozenset({"video.completed", "video.failed"})
"""The webhooks that are about a job; nothing else is in them but its id."""


def proved(sent: Sent, *, names_clip: bool = False, now: datetime) -> Submission:
    """What became of the one POST: the table above. `names_clip` as in openai_words.py."""
    submission = outcomes.proved(sent, _said, now=now)
    match sent, submission:
        case http.Answered(status=404 | 410), Refused(Fault(code="model_gone", detail=detail)) if names_clip:
            error = _error(sent.body)
            if error.detail and not error.words & _MODEL_GONE:  # else no such model, or no such call
                return Refused(theirs("source_gone", detail))
    return submission


def character_proved(sent: Sent, *, now: datetime) -> Submission:
    """What became of the POST of a character, which is there as soon as it has been answered."""
    match proved(sent, now=now):
        case Taken(ticket):
            return Taken(replace(ticket, urls={CHARACTER: ""}))
        case submission:
            return submission


def _said(answered: http.Answered) -> Said:
    error = _error(answered.body)
    about = FaultKind.PROMPT if error.param == "prompt" else None
    return Said(
        moderated=bool(error.words & _MODERATION),
        no_credit=bool(error.words & _NO_CREDIT),
        gone=bool(error.words & _MODEL_GONE),
        about=FaultKind.PICTURE if error.param.startswith(_SOURCE_FIELDS) else about,
    )


def standing(
    answered: http.Answered,
    ticket: Ticket,
    *,
    now: datetime,
    unmade_micros: Micros | None = None,
    protocol: str = PROTOCOL,
) -> Answer:
    """How the job stands, from its resource. What is in no document is no answer, and never success.

    `unmade_micros` is what a job costs that failed or was stopped: None, since no document of OpenAI's says.
    `protocol` is whose answer it is, for errors.
    """
    body = _job_in(answered, ticket, protocol)
    after_s = http.retry_after_s(answered.headers, now=now)
    match body:
        case {"status": "queued"}:
            return Waiting(ask_after_s=after_s)
        case {"status": "in_progress" | "processing"}:  # LiteLLM says the second of Gemini's
            return Rendering(_percent(body.get("progress"), protocol), ask_after_s=after_s)
        case {"status": "completed"} if not body.get("error"):
            return Rendered(expires_at=_time(body.get("expires_at")))
        case {"status": "failed"}:
            return _failed(body, unmade_micros)
        case {"status": "cancelled" | "canceled"}:  # Azure; gateways
            return Stopped(unmade_micros)
        case _:
            raise UnreadableAnswer(protocol, f"no state that is known: {answered.text}")


def address(answered: http.Answered, ticket: Ticket) -> str | None:
    """Where a finished job says that its file is, by its `url`."""
    match _job_in(answered, ticket, PROTOCOL):
        case {"url": str(said)} if said:
            return said
        case _:
            return None


def failed_in(
    answered: http.Answered, ticket: Ticket, *, unmade_micros: Micros | None = None
) -> Failed | None:
    """The job itself, as failed, under an error's status: so vLLM-Omni 0.30.0 says it.

    A body with the job's own id can be nothing else; all others are for `standing`, as is `unmade_micros`.
    """
    match answered.body:
        case {"id": str(job_id), "status": "failed", "object": "video"} if (
            not answered.ok and job_id == ticket.provider_job_id
        ):
            return _failed(answered.body, unmade_micros)
        case _:
            return None


def _failed(body: object, unmade_micros: Micros | None) -> Failed:
    error = _error(body)
    ruled_out = bool(error.words & _MODERATION)
    fault = moderation(error.detail) if ruled_out else theirs("provider_failed", error.detail)
    return Failed(fault, unmade_micros)


def _job_in(answered: http.Answered, ticket: Ticket, protocol: str) -> dict[object, object]:
    """The body of an answer about the job, by whichever of its ids."""
    body = answered.body
    said = body.get("id") if isinstance(body, dict) else None
    if isinstance(body, dict) and isinstance(said, str) and _inner(said) == _inner(ticket.provider_job_id):
        return body
    return job_in(answered, ticket, protocol)


def _inner(job_id: str) -> str:
    """The id within one of LiteLLM's, any other as it is (1.109.1, `types/videos/utils.py`)."""
    try:
        parts = base64.b64decode(job_id.removeprefix("video_"), validate=True).decode().split(";")
    except ValueError:
        return job_id
    wraps = len(parts) >= 3 and parts[0].startswith("litellm:") and parts[2].startswith("video_id:")
    return parts[2] if wraps else job_id


def character(answered: http.Answered, ticket: Ticket) -> Rendered:
    """A character that is there; it has no file, and its id is what can be ordered."""
    job_in(answered, ticket, PROTOCOL)
    return Rendered(provider_id=ticket.provider_job_id)


def listed(answered: http.Answered, echo_field: str) -> tuple[list[Listed], bool]:
    """One page of the list, and whether there is more."""
    match answered.body:
        case {"data": list(jobs), "has_more": bool(more)}:
            return [_listed(job, echo_field) for job in jobs], more
        case _:
            raise UnreadableAnswer(PROTOCOL, f"no list of jobs: {answered.text}")


def _listed(job: object, echo_field: str) -> Listed:
    match job:
        case {"id": str(job_id), "created_at": seconds, **rest} if (
            JOB_ID.fullmatch(job_id) and (created_at := _time(seconds)) is not None
        ):
            echo = rest.get(echo_field)
            key = echo.get(ECHO_KEY, "") if isinstance(echo, dict) else None
            return Listed(id=job_id, created_at=created_at, echo=key if isinstance(key, str) else None)
        case _:
            raise UnreadableAnswer(PROTOCOL, "a job in the list without id or created_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Error:
    """An error body, as far as it can be read. `words` are its code and type, in small letters."""

    words: frozenset[str] = frozenset()
    param: str = ""
    detail: str = ""


def _error(body: object) -> _Error:
    """`{"error": {code, type, param, message}}`; some servers leave some out, or send `type` alone."""
    match body:
        case {"error": dict(error)}:
            said = {name: value for name, value in error.items() if isinstance(value, str)}
            code, kind = said.get("code", ""), said.get("type", "")
            return _Error(
                words=frozenset({code.lower(), kind.lower()}),
                param=said.get("param", ""),
                detail=http.one_line(f"{code or kind}: {said.get('message', '')}"),
            )
        case _:
            return _Error()


def _percent(progress: object, protocol: str) -> int | None:
    """Servers also send null and other types, which say nothing; a number that is no percentage is a fault.

    Raises:
        UnreadableAnswer: below 0 or above 100, so that nothing else in the answer is believed either.
    """
    if not isinstance(progress, int | Decimal) or isinstance(progress, bool):
        return None
    if not 0 <= progress <= 100:
        raise UnreadableAnswer(protocol, f"a progress of {progress} %")
    return progress if isinstance(progress, int) else None


def _time(seconds: object) -> datetime | None:
    """Unix seconds; None for what is none, or lies beyond the year 9999."""
    if isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < 253_402_300_800:
        return datetime.fromtimestamp(seconds, UTC)
    return None
