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
| 401, 403, 407                                 | NotTaken              | provider_key_refused           |
| 429                                           | NotTaken, Retry-After | provider_busy                  |
| 400, 405, 406, 411, 413, 414, 415, 417, 422,  | Refused               | prompt_refused,                |
| 431, 451                                      |                       | picture_refused (by `param`),  |
|                                               |                       | provider_refused               |
| all else: 1xx, 3xx, 408, 409, 425, 4xx, 5xx   | Unknown               |                                |

The statuses that prove something prove it even where their body is lost or no JSON: whoever answered so,
the API or a proxy before it, turned the request down. The others do not. LiteLLM's proxy answers 408 when
*its* provider timed out; a 409 may mean that the first copy is being worked on; a 5xx comes from proxies
that had already passed the request on. 307 and 308 ask for the same request elsewhere, so it was not acted
on (RFC 9110, 15.4.8 and 15.4.9), while 301 to 303 may follow a POST that was (15.4.2 to 15.4.4).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain import Fault, FaultKind, Ticket
from bot.errors import UnreadableAnswer
from bot.providers import http
from bot.providers.protocol import (
    Answer,
    Failed,
    NotTaken,
    Refused,
    Rendered,
    Rendering,
    Stopped,
    Submission,
    Taken,
    Unknown,
    Waiting,
)

PROTOCOL = "openai"

ECHO_KEY = "dailies_job"
"""Under this name the attempt's key stands in the wire's `echo_field`."""

KEY_REFUSED = frozenset({401, 403, 407})

_MODERATION = {"moderation_blocked", "content_policy_violation", "content_filter"}  # OpenAI; Lumenfall; Azure
_NO_CREDIT = {"insufficient_quota", "billing_hard_limit_reached", "insufficient_balance"}
_MODEL_GONE = {"model_not_found"}
_REFUSED = {400, 405, 406, 411, 413, 414, 415, 417, 422, 431, 451}
_PROVEN_NOT_TAKEN = _REFUSED | KEY_REFUSED | {402, 404, 410, 429}

_JOB_ID = re.compile(r"(?!\.{1,2}$)[\x21-\x7e]{1,512}")
"""What may be an id: visible ASCII (it is quoted into a path, so it must not be `.` or `..`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A job in the provider's list.

    `echo` is the attempt's key that it carries: `""` where it carries somebody else's data, None where it
    carries nothing, so that it may be anybody's. `created_at` is in Unix seconds.
    """

    id: str
    created_at: int
    echo: str | None


def proved(answered: http.Answered, *, now: datetime) -> Submission:
    """What the answer to the POST proves: the table above."""
    detail = f"{answered.status}: {answered.text}"
    if answered.ok:
        match answered.body:
            case {"id": str(job_id)} if _JOB_ID.fullmatch(job_id):
                return Taken(Ticket(provider_job_id=job_id))
            case _:
                return Unknown(f"taken, it seems, but without an id that can be read: {detail}")
    if answered.status in (307, 308):
        return NotTaken(theirs("provider_redirects", detail))
    if answered.status not in _PROVEN_NOT_TAKEN:
        return Unknown(detail)
    error = _error(answered.body)
    if error.words & _MODERATION:
        return Refused(Fault(kind=FaultKind.RULES, code="moderation_blocked", detail=detail))
    if error.words & _NO_CREDIT or answered.status == 402:
        return NotTaken(theirs("provider_out_of_credit", detail))
    if error.words & _MODEL_GONE or answered.status in (404, 410):
        return Refused(theirs("model_gone", detail))
    if answered.status in KEY_REFUSED:
        return NotTaken(theirs("provider_key_refused", detail))
    if answered.status == 429:
        return NotTaken(theirs("provider_busy", detail), http.retry_after_s(answered.headers, now=now))
    if error.param == "prompt":
        return Refused(Fault(kind=FaultKind.PROMPT, code="prompt_refused", detail=detail))
    if error.param.startswith("input_reference"):
        return Refused(Fault(kind=FaultKind.PICTURE, code="picture_refused", detail=detail))
    return Refused(theirs("provider_refused", detail))


def standing(answered: http.Answered, ticket: Ticket, *, now: datetime) -> Answer:
    """How the job stands, from its resource. What is in no document is no answer, and never success."""
    body = answered.body
    if not isinstance(body, dict):
        raise UnreadableAnswer(PROTOCOL, f"no job: {answered.text}")
    if body.get("id", ticket.provider_job_id) != ticket.provider_job_id:
        raise UnreadableAnswer(PROTOCOL, "the answer is about another job")
    after_s = http.retry_after_s(answered.headers, now=now)
    match body:
        case {"status": "queued"}:
            return Waiting(ask_after_s=after_s)
        case {"status": "in_progress"}:
            return Rendering(_percent(body.get("progress")), ask_after_s=after_s)
        case {"status": "completed"} if not body.get("error"):
            return Rendered(expires_at=_time(body.get("expires_at")))
        case {"status": "failed"}:
            error = _error(body)
            if error.words & _MODERATION:
                return Failed(Fault(kind=FaultKind.RULES, code="moderation_blocked", detail=error.detail))
            return Failed(theirs("provider_failed", error.detail))
        case {"status": "cancelled" | "canceled"}:  # Azure; gateways
            return Stopped()
        case _:
            raise UnreadableAnswer(PROTOCOL, f"no state that is known: {answered.text}")


def listed(answered: http.Answered, echo_field: str) -> tuple[list[Listed], bool]:
    """One page of the list, and whether there is more."""
    match answered.body:
        case {"data": list(jobs), "has_more": bool(more)}:
            return [_listed(job, echo_field) for job in jobs], more
        case _:
            raise UnreadableAnswer(PROTOCOL, f"no list of jobs: {answered.text}")


def _listed(job: object, echo_field: str) -> Listed:
    match job:
        case {"id": str(job_id), "created_at": int(created_at), **rest} if _JOB_ID.fullmatch(job_id):
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


def _percent(progress: object) -> int | None:
    """Servers also send null, floats and -1; only what can be a percentage is one."""
    if isinstance(progress, int) and not isinstance(progress, bool) and 0 <= progress <= 100:
        return progress
    return None


def _time(seconds: object) -> datetime | None:
    """Unix seconds; None for what is none, or lies beyond the year 9999."""
    if isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < 253_402_300_800:
        return datetime.fromtimestamp(seconds, UTC)
    return None


def theirs(code: str, detail: str) -> Fault:
    return Fault(kind=FaultKind.PROVIDER, code=code, detail=detail)
