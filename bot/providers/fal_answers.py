"""What the answers of the `fal` protocol prove, and what they say about a job. No call is made here.

What each outcome of the one POST proves; what is not named here is as in outcomes.py:

| what came back                                 | proves                | fault                         |
|------------------------------------------------|-----------------------|-------------------------------|
| no connection (DNS, refused, TLS, time)        | NotTaken              | provider_unreachable          |
| a connection, but no whole status and headers  | Unknown               |                               |
| 2xx with a readable `request_id`               | Taken                 |                               |
| 2xx without one                                | Unknown               |                               |
| 307, 308                                       | NotTaken              | provider_redirects            |
| 402; 403 "Exhausted balance"                   | NotTaken              | provider_out_of_credit        |
| 4xx below, type `content_policy_violation`     | Refused               | moderation_blocked (rules)    |
| 404, 410                                       | Refused               | model_gone                    |
| 401, 403, 407                                  | NotTaken              | provider_key_refused          |
| 429                                            | NotTaken, Retry-After | provider_busy                 |
| 503 with `x-fal-request-id`, and               | NotTaken, Retry-After | provider_busy                 |
| `X-Fal-Retryable: true`                        |                       |                               |
| 400, 405, 406, 411, 413, 414, 415, 417, 422,   | Refused               | prompt_refused,               |
| 431, 451                                       |                       | picture_refused (by type and  |
|                                                |                       | `loc`), provider_refused      |
| all else: 1xx, 3xx, 408, 409, 425, 4xx, 5xx    | Unknown               |                               |

The locked account comes first: its 403 says nothing about the order, whatever else stands in it. A 503 is
believed only from fal's own gateway (`x-fal-request-id`), and only where that says that the same may be sent
again; fal's own client repeats on less. The queue takes nearly everything: what is wrong with an order is
mostly said by the job.

How a job stands: `IN_QUEUE` and `IN_PROGRESS` are themselves. `COMPLETED` says only that it ended: it is
rendered where neither the status nor the result (a second question) holds an error and the result names
something. A result of 422 or 499 is the job's own, one of 400 or 5xx only where it is typed as fal types
errors; without that it is a fault of the question, which is asked again. A type of `client_cancelled` or a
499 is a job that was stopped. fal has no state for failed or cancelled, and gives no percentage.

What a job that failed or was stopped is billed:

| its result                                                      | billed                              |
|-----------------------------------------------------------------|-------------------------------------|
| an own error of 5xx, or one of a type that fal gives a 5xx      | nothing ("never charged")           |
| `x-fal-billable-units`                                          | what so many units cost             |
| 400, 422 or 499 without them: it "may still be charged", if a   | unknown, until fal's bill           |
| machine had worked on it                                        |                                     |
(docs.fal.ai: model-apis/errors, request-errors, faq, pricing, inference/queue; read 2026-11-21.)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from bot.domain import Fault, FaultKind, Ticket
from bot.errors import ProviderUnavailable, UnreadableAnswer
from bot.providers import http, outcomes
from bot.providers.fal_addresses import PROTOCOL, Queue
from bot.providers.outcomes import Said, expect_ok, is_gone, moderation, theirs
from bot.providers.protocol import NotTaken, Rendering, Submission, Taken, Unknown, Vanished, Waiting

_UNITS_MAX = Decimal(1_000_000)
"""Of one job; more is no number of seconds, megapixels or clips."""

_MODERATION = "content_policy_violation"
_PICTURE = {
    "image_too_small",
    "image_too_large",
    "image_load_error",
    "file_download_error",
    "file_too_large",
    "unsupported_image_format",
    "face_detection_error",
}
_STOPPED = {"client_cancelled", "client_disconnected"}
_NOT_STARTED = {"request_timeout", "startup_timeout", "runner_scheduling_failure"}
_SERVERS = _NOT_STARTED | {
    "generation_timeout",
    "downstream_service_unavailable",
    "internal_server_error",
    "internal_error",
    "runner_connection_timeout",
    "runner_connection_refused",
    "runner_connection_error",
    "runner_disconnected",
    "runner_incomplete_response",
    "runner_server_error",
}
"""The types of what fal answers with a 5xx."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """An error as far as it can be read: its types, the fields that it is about, its words in one line."""

    types: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The status is COMPLETED; `error` where it holds one."""

    error: Error | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a job made: where its file is (None for a character), and fal's id of it, where it has one."""

    file: str | None
    provider_id: str | None


def proved(
    sent: http.Answered | http.NeverSent | http.NoAnswer, *, endpoint: str, queue: Queue, now: datetime
) -> Submission:
    """What became of the one POST: the table above."""
    match sent:
        case http.Answered() if sent.ok:
            match sent.body:
                case {"request_id": str(request_id), **told} if outcomes.JOB_ID.fullmatch(request_id):
                    return Taken(queue.ticket(endpoint, request_id, told))
                case _:
                    return Unknown(f"taken, it seems, but without an id: {_detail(sent)}")
        case http.Answered(status=503, headers=headers) if (
            "x-fal-request-id" in headers and headers.get("x-fal-retryable", "").lower() == "true"
        ):
            wait_s = http.retry_after_s(headers, now=now)
            return NotTaken(theirs("provider_busy", _detail(sent)), wait_s)
        case http.Answered(status=403) if is_out_of_credit(sent):
            return NotTaken(theirs("provider_out_of_credit", _detail(sent)))
        case _:
            proof = outcomes.proved(sent, _said, now=now)
    if isinstance(proof, Unknown) and isinstance(sent, http.Answered):
        return Unknown(_detail(sent))  # with fal's trace, by which an operator may find it there
    return proof


def is_out_of_credit(answered: http.Answered) -> bool:
    """`User is locked. Reason: Exhausted balance. …`, with 403 and before anything is queued or billed."""
    return "exhausted balance" in read_error(answered).words.lower()


def standing(
    answered: http.Answered, ticket: Ticket, *, now: datetime
) -> Waiting | Rendering | Vanished | Ended:
    """How the job stands, from its status (200 when it has ended, 202 before).

    Raises:
        ProviderUnavailable, UnreadableAnswer: no such answer.
    """
    if is_gone(answered, PROTOCOL):
        return Vanished(answered.text)
    expect_ok(answered, PROTOCOL, now=now)
    body = answered.body
    if not isinstance(body, dict):
        raise UnreadableAnswer(PROTOCOL, f"no job: {answered.text}")
    if body.get("request_id", ticket.provider_job_id) != ticket.provider_job_id:
        raise UnreadableAnswer(PROTOCOL, "the answer is about another job")
    after_s = http.retry_after_s(answered.headers, now=now)
    match body.get("status"):
        case "IN_QUEUE":
            return Waiting(_position(body.get("queue_position")), ask_after_s=after_s)
        case "IN_PROGRESS":
            return Rendering(ask_after_s=after_s)
        case "COMPLETED":
            has_error = bool(body.get("error") or body.get("error_type"))
            return Ended(read_error(answered) if has_error else None)
        case _:
            raise UnreadableAnswer(PROTOCOL, f"no state that is known: {answered.text}")


def result(answered: http.Answered, *, now: datetime) -> Result | Error | Vanished:
    """What a job made, or the job's own error, from its result.

    Raises:
        ProviderUnavailable, UnreadableAnswer: neither; ask again.
    """
    if is_jobs_own_error(answered):
        return read_error(answered)
    if is_gone(answered, PROTOCOL):
        return Vanished(answered.text)
    expect_ok(answered, PROTOCOL, now=now)
    match answered.body:
        case {"video": {"url": str(url)}, **rest}:
            video_id = rest.get("video_id")
            return Result(file=url, provider_id=video_id if isinstance(video_id, str) else None)
        case {"id": str(character_id), "name": str()} if character_id.startswith("char_"):
            return Result(file=None, provider_id=character_id)
        case _:
            raise UnreadableAnswer(PROTOCOL, f"no result that is known: {answered.text}")


def is_jobs_own_error(answered: http.Answered) -> bool:
    """Whether the job failed, and not the question about it.

    A proxy's 502 is the question's, and so is the bare 400 before a job has ended.
    """
    if answered.status in {422, 499}:
        return isinstance(answered.body, dict)
    return (answered.status == 400 or answered.status >= 500) and bool(read_error(answered).types)


def with_result(error: Error, told: http.Answered) -> Error:
    """The error that a status holds, with what the result adds to it."""
    more = read_error(told) if is_jobs_own_error(told) else Error()
    return Error(
        types=error.types | more.types,
        fields=error.fields | more.fields,
        words=max(error.words, more.words, key=len),
    )


def was_stopped(error: Error, answered: http.Answered) -> bool:
    return answered.status == 499 or not _STOPPED.isdisjoint(error.types)


def failure(said: Error, answered: http.Answered) -> Fault:
    """Whose matter it is that a job failed."""
    retryable = answered.headers.get("x-fal-retryable")
    notes = [*sorted(said.types), *([f"retryable {http.one_line(retryable)}"] if retryable else [])]
    detail = f"{answered.status} ({', '.join(notes)}): {said.words}"
    if _MODERATION in said.types:
        return moderation(detail)
    if "video_id" in said.fields:  # fal's own id of a clip: only one that it still has can be remixed
        return theirs("source_gone", detail)
    if _is_about_picture(said):
        return Fault(kind=FaultKind.PICTURE, code="picture_refused", detail=detail)
    if "prompt" in said.fields:
        return Fault(kind=FaultKind.PROMPT, code="prompt_refused", detail=detail)
    if not _NOT_STARTED.isdisjoint(said.types):
        return theirs("provider_never_started", detail)
    return theirs("provider_failed", detail)


def is_never_billed(error: Error, answered: http.Answered) -> bool:
    """Whether a failure is fal's own: a 5xx by its type, or as the job's result (and not a proxy's)."""
    own = answered.status >= 500 and is_jobs_own_error(answered)
    return own or (bool(error.types) and error.types <= _SERVERS)


def billable_units(answered: http.Answered) -> Decimal | None:
    """The quantity that is billed, in the endpoint's own unit; None where it is not said. A 5xx has none."""
    if answered.status >= 500:
        return None
    try:
        units = Decimal(answered.headers.get("x-fal-billable-units", ""))
    except InvalidOperation:
        return None
    return units if units.is_finite() and 0 <= units <= _UNITS_MAX else None


def read_error(answered: http.Answered) -> Error:
    """`{"detail": [{loc, msg, type}]}` of a model, `{"detail": "…", "error_type": "…"}` of the gateway.

    A status that has ended says `error` in place of `detail`; the type may stand in a header alone.
    """
    body: Mapping[str, object] = answered.body if isinstance(answered.body, dict) else {}
    types = {answered.headers.get("x-fal-error-type", ""), body.get("error_type")}
    if "x-fal-request-timeout-type" in answered.headers:
        types.add("request_timeout")  # the start deadline that we set
    fields: set[object] = set()
    words: list[object] = [body.get("error")]
    match body.get("detail"):
        case list(details):
            for each in details:
                if isinstance(each, dict):
                    types.add(_text(each.get("type")))
                    words.append(each.get("msg"))
                    loc = each.get("loc")
                    fields.update(_text(part) for part in (loc if isinstance(loc, list) else []))
        case detail:
            words.append(detail)
    said = " ".join(word for word in words if isinstance(word, str))
    return Error(
        types=frozenset(each for each in types if isinstance(each, str) and each),
        fields=frozenset(each for each in fields if isinstance(each, str) and each),
        words=http.one_line(said or answered.text),
    )


def expect_deleted(answered: http.Answered) -> None:
    """Each file of a deleted job is reported on by itself.

    Raises:
        ProviderUnavailable: one of them is still there.
    """
    match answered.body:
        case {"cdn_delete_results": list(files)}:
            if any(isinstance(file, dict) and file.get("exception") for file in files):
                raise ProviderUnavailable(f"a file was not deleted: {answered.text}")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _said(answered: http.Answered) -> Said:
    error = read_error(answered)
    about = None
    if _is_about_picture(error):
        about = FaultKind.PICTURE
    elif "prompt" in error.fields:
        about = FaultKind.PROMPT
    return Said(moderated=_MODERATION in error.types, about=about)


def _is_about_picture(error: Error) -> bool:
    """The picture or the clip that it starts from; its field is named by the endpoint (`start_image_url`)."""
    return not _PICTURE.isdisjoint(error.types) or any("image" in f or "video" in f for f in error.fields)


def _position(said: object) -> int | None:
    return said if isinstance(said, int) and not isinstance(said, bool) and said >= 0 else None


def _detail(answered: http.Answered) -> str:
    trace = answered.headers.get("x-fal-request-id")
    return f"{answered.status}{f' ({http.one_line(trace)})' if trace else ''}: {answered.text}"
