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

Why these prove it and the others do not is in outcomes.py. LiteLLM's proxy answers 408 when *its* provider
timed out.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain import FaultKind, Ticket
from bot.errors import UnreadableAnswer
from bot.providers import http, outcomes
from bot.providers.listing import Listed
from bot.providers.outcomes import JOB_ID, Said, job_in, moderation, theirs
from bot.providers.protocol import (
    Answer,
    Failed,
    Rendered,
    Rendering,
    Stopped,
    Submission,
    Waiting,
)

PROTOCOL = "openai"

ECHO_KEY = "dailies_job"
"""Under this name the attempt's key stands in the wire's `echo_field`."""

_MODERATION = {"moderation_blocked", "content_policy_violation", "content_filter"}  # OpenAI; Lumenfall; Azure
_NO_CREDIT = {"insufficient_quota", "billing_hard_limit_reached", "insufficient_balance"}
_MODEL_GONE = {"model_not_found"}


def proved(sent: http.Answered | http.NeverSent | http.NoAnswer, *, now: datetime) -> Submission:
    """What became of the one POST: the table above."""
    return outcomes.proved(sent, _said, now=now)


def _said(answered: http.Answered) -> Said:
    error = _error(answered.body)
    about = FaultKind.PROMPT if error.param == "prompt" else None
    return Said(
        moderated=bool(error.words & _MODERATION),
        no_credit=bool(error.words & _NO_CREDIT),
        gone=bool(error.words & _MODEL_GONE),
        about=FaultKind.PICTURE if error.param.startswith("input_reference") else about,
    )


def standing(answered: http.Answered, ticket: Ticket, *, now: datetime) -> Answer:
    """How the job stands, from its resource. What is in no document is no answer, and never success."""
    body = job_in(answered, ticket, PROTOCOL)
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
                return Failed(moderation(error.detail))
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
