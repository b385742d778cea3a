"""What people read about a job: its state, what became of its money, and what to do, in plain words."""

from datetime import datetime

from bot.catalogue import price_line
from bot.domain import Allowance, Fault, FaultKind, Job, JobState, Order, Quote
from bot.money import format_usd
from bot.providers.protocol import Progress, Rendering, Waiting
from cogs.quoting import escaped


def state(job: Job, progress: Progress | None) -> str:
    """Where a job is, in a few words; a number only where the provider gave it."""
    match job.state:
        case JobState.REVIEW:
            return "Waiting for a moderator"
        case JobState.QUEUED:
            return "In line" if job.attempt == 0 else "In line again: the provider had no room"
        case JobState.SUBMITTING:
            return "Being handed to the provider"
        case JobState.UNCERTAIN:
            return "Waiting for word from the provider"
        case JobState.RUNNING:
            return _running(progress)
        case JobState.RENDERED:
            return "Rendered, being fetched"
        case JobState.STORED:
            return "Ready, being posted"
        case JobState.WITHHELD:
            return "Ready, waiting for a moderator"
        case JobState.UNDELIVERABLE:
            return "Ready, but it could not be posted"
        case JobState.POSTED:
            return "Done"
        case JobState.FAILED:
            return "Failed"
        case JobState.REJECTED:
            return "Turned down by a moderator"
        case JobState.CANCELLED:
            return "Cancelled"


def explanation(job: Job) -> str | None:
    """What happened, whether it cost anything and what to do; None where the state says it all."""
    match job.state:
        case JobState.UNCERTAIN:
            return (
                "The provider did not answer clearly whether it has this order. The price stays set aside "
                "and it is not ordered twice. Nothing to do: this card says when we know."
            )
        case JobState.FAILED:
            what, do = _failure(job.fault)
            return f"{what} {_cost_of_end(job)} {do}"
        case JobState.REJECTED:
            return f"A moderator did not let it pass. {_cost_of_end(job)} Ask a moderator for the reason."
        case JobState.CANCELLED:
            return f"{_cost_of_end(job)} Order again with /generate whenever you like."
        case JobState.UNDELIVERABLE:
            return (
                "This channel would not take the clip. It was made and paid for, and is kept. "
                "Ask whoever runs this bot for it, and name the order in Details."
            )
        case (
            JobState.REVIEW
            | JobState.QUEUED
            | JobState.SUBMITTING
            | JobState.RUNNING
            | JobState.RENDERED
            | JobState.STORED
            | JobState.WITHHELD
            | JobState.POSTED
        ):
            return None


def settings(model_name: str, order: Order) -> str:
    """`Studio · 720p · 16:9 · 4 s · seed 7`."""
    parts = [escaped(model_name), order.resolution, order.aspect_ratio, f"{order.duration_s} s"]
    if order.seed is not None:
        parts.append(f"seed {order.seed}")
    return " · ".join(parts)


def price(quote: Quote, order: Order, *, play_money: bool) -> str:
    """`$0.40 (4 s at $0.10 a second), play money`, or `free`."""
    line = price_line(quote, order.duration_s)
    return f"{line}, play money" if play_money and quote.price_micros else line


def left(allowance: Allowance) -> str:
    """What may still be ordered, and until when."""
    if allowance.left_micros is None:
        return "no limit on the budget"
    return f"{format_usd(allowance.left_micros)} of the budget left until {day(allowance.resets_at)}"


def ago(at: datetime) -> str:
    """A time that every reader's own Discord writes and keeps current: `2 minutes ago`, `in a week`."""
    return f"<t:{int(at.timestamp())}:R>"


def day(at: datetime) -> str:
    """A date in every reader's own time zone and language."""
    return f"<t:{int(at.timestamp())}:D>"


def _running(progress: Progress | None) -> str:
    match progress:
        case None:
            return "Being made"
        case Waiting(None):
            return "In the provider's queue"
        case Waiting(0):
            return "Next in the provider's queue"
        case Waiting(position):
            return f"In the provider's queue, {position} before it"
        case Rendering(None):
            return "Rendering"
        case Rendering(percent):
            return f"Rendering, {percent} %"


def _failure(fault: Fault | None) -> tuple[str, str]:
    """What happened and what to do, by whose matter it is. The provider's own words are the operator's."""
    match fault.kind if fault else FaultKind.OURS:
        case FaultKind.PROMPT:
            return "The model could not take this prompt.", "Say it in other words and order again."
        case FaultKind.PICTURE:
            return "The model could not take this picture.", "Choose another picture and order again."
        case FaultKind.LIKENESS:
            return (
                "The model refused it because of a person's likeness.",
                "Leave real people out and order again.",
            )
        case FaultKind.RULES:
            return "The model's rules do not allow it.", "Change what is to be seen or heard and order again."
        case FaultKind.MEMBER_BUDGET:
            return "Your budget had no room for it.", "Choose a cheaper order; /quota shows your budget."
        case FaultKind.SERVER_BUDGET:
            return "The bot's own budget had no room for it.", "Ask whoever runs this bot."
        case FaultKind.PROVIDER:
            return "The provider could not make it.", "Order again in a while, or choose another model."
        case FaultKind.PERMISSIONS:
            return "The bot may not post here.", "Ask a manager to let it, or order in another channel."
        case FaultKind.OURS:
            return (
                "Something went wrong on our side.",
                "Order again; if it happens again, tell whoever runs this bot.",
            )


def _cost_of_end(job: Job) -> str:
    """What an order that ended without a clip cost its member."""
    if not job.quote.price_micros:
        return "It was free."
    if not job.charged_micros:
        return "Nothing was charged."
    return f"The provider billed it all the same: you pay {format_usd(job.charged_micros)}."
