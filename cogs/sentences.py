"""What people read about a job: its state, what became of its money, and what to do, in plain words."""

from datetime import datetime

from bot.catalogue import price_line
from bot.delivery import Card, HeldBack, Link, Take
from bot.domain import (
    RESTING,
    Allowance,
    ClipState,
    Fault,
    FaultKind,
    Job,
    JobState,
    Kind,
    Micros,
    Order,
    Quote,
)
from bot.language import _
from bot.money import format_usd
from bot.providers.protocol import Progress, Rendering, Waiting
from bot.reporting import Reason
from cogs import review_words
from cogs.quoting import escaped

_THERE = frozenset({JobState.POSTED, JobState.STORED, JobState.WITHHELD, JobState.UNDELIVERABLE})
_SETTLED = RESTING - {JobState.REVIEW, JobState.WITHHELD}


def state(job: Job, progress: Progress | None) -> str:
    """Where a job is, in a few words; a number only where the provider gave it."""
    match job.state:
        case JobState.REVIEW:
            return _("Waiting for a moderator")
        case JobState.QUEUED:
            return _("In line") if job.attempt == 0 else _("In line again: the provider had no room")
        case JobState.SUBMITTING:
            return _("Being handed to the provider")
        case JobState.UNCERTAIN:
            return _("Waiting for word from the provider")
        case JobState.RUNNING:
            return _running(progress)
        case JobState.RENDERED:
            return _("Ready") if _is_character(job) else _("Rendered, being fetched")
        case JobState.STORED:
            return _("Ready") if _is_character(job) else _("Ready, being posted")
        case JobState.WITHHELD:
            return _("Ready, waiting for a moderator")
        case JobState.UNDELIVERABLE if job.order.private:
            return _("Ready, for its member alone")
        case JobState.UNDELIVERABLE:
            return _("Ready, but it could not be posted")
        case JobState.POSTED if _is_character(job):
            return _("Character ready")
        case JobState.POSTED:
            return _("Done")
        case JobState.FAILED:
            return _("Failed")
        case JobState.REJECTED:
            return _("Turned down by a moderator")
        case JobState.CANCELLED:
            return _("Cancelled")


def explanation(job: Job) -> str | None:
    """What happened, whether it cost anything and what to do; None where the state says it all."""
    match job.state:
        case JobState.UNCERTAIN:
            return _(
                "The provider did not answer clearly whether it has this order. The price stays set aside "
                "and it is not ordered twice. Nothing to do: this card says when we know."
            )
        case JobState.FAILED:
            what, do = _failure(job.fault, is_character=_is_character(job))
            return _("{what} {cost} {do}").format(what=what, cost=_cost_of_end(job), do=do)
        case JobState.REJECTED:
            return _("A moderator did not let it pass. {cost} Ask a moderator for the reason.").format(
                cost=_cost_of_end(job)
            )
        case JobState.CANCELLED:
            return _("{cost} Order again with /generate whenever you like.").format(cost=_cost_of_end(job))
        case JobState.POSTED if _is_character(job):
            return _("Choose it as character1 of /generate. /character list shows who may order with it.")
        case JobState.UNDELIVERABLE if job.order.private:
            return _("It is kept and paid for. Its member finds it with /clips, and may publish it.")
        case JobState.UNDELIVERABLE:
            return _(
                "No place would take the clip. It was made and paid for, and is kept. "
                "Its member finds it with /clips."
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


def take_explanation(take: Take) -> str | None:
    """The same of a take, which may wait for whoever runs the bot."""
    if take.held_back is HeldBack.PAUSE:
        return _(
            "The moderators have paused orders here. Nothing was charged; the price stays set aside. Nothing "
            "to do: it goes on by itself when they go on, or press Cancel."
        )
    if take.held_back is HeldBack.HALT:
        return _(
            "Whoever runs this bot has paused this for now. Nothing was charged; the price stays set aside. "
            "Nothing to do: it goes on by itself when they go on, or press Cancel."
        )
    if take.held_back is HeldBack.SPENDING:
        return _(
            "Whoever runs this bot has stopped paid orders for now. Nothing was charged; the price stays set "
            "aside. Nothing to do: it goes on by itself when they go on, or press Cancel."
        )
    ends = None if take.review is None else ago(take.review.expires_at)
    match take.job.state:
        case JobState.REVIEW | JobState.WITHHELD:
            return review_words.waits(take.job, ends)
        case JobState.REJECTED:
            return review_words.turned_down(take.job, take.review)
        case _:
            return explanation(take.job)


def headline(card: Card) -> str:
    """Where an order is: its one take, or how many of them are there."""
    takes = card.takes
    told = {state(take.job, None) for take in takes}
    if len(takes) == 1:
        return take_state(takes[0])
    if len(told) == 1:
        return told.pop()
    there = sum(take.job.state in _THERE for take in takes)
    ended = sum(take.job.state in _SETTLED for take in takes)
    if ended == len(takes):
        return _("Done: {there} of {takes} takes were made").format(there=there, takes=len(takes))
    return _("{there} of {takes} takes are there").format(there=there, takes=len(takes))


def take_state(take: Take) -> str:
    """Where one take is, and what became of its clip."""
    match take.clip_state:
        case ClipState.SHOWN:
            return _("Done") if take.clip_here is not None else state(take.job, take.progress)
        case ClipState.HIDDEN:
            return _("Reported: hidden until a moderator has looked")
        case ClipState.TAKEN_DOWN:
            return _("Taken down by a moderator")
        case ClipState.DELETED:
            return _("Deleted by its member")
        case ClipState.EXPIRED:
            return _("Its time here is over")


def take_line(take: Take, url: str | None) -> str:
    """One take in the list of its card: its number, where it is, and the way to its clip."""
    told = take_state(take)
    if take.held_back:
        told = f"{told}. {take_explanation(take)}"
    elif take.job.state is JobState.FAILED:
        told = f"{told}. {explanation(take.job)}"
    elif take.job.state is JobState.REJECTED:
        told = f"{told}. {take_explanation(take)}"
    elif take.job.state is JobState.CANCELLED:
        told = f"{told}. {_cost_of_end(take.job)}"
    if (when := time_left(take)) is not None:
        told = f"{told} · {when}"
    if url is not None and take.clip_state is ClipState.SHOWN:
        told = f"[{told}]({url})"
    return f"{take.job.take}. {told}"


def time_left(take: Take) -> str | None:
    """When a clip is likely to be there, in words that every reader's own Discord keeps current."""
    if take.expected_at is None or take.job.state is not JobState.RUNNING:
        return None
    return _("likely made {when}").format(when=ago(take.expected_at))


def cancel_outcome(job: Job) -> str:
    """What Cancel would cost, for its button: said before it is pressed."""
    if not job.quote.price_micros:
        return _("Cancel")
    if job.state in {JobState.REVIEW, JobState.QUEUED}:
        return _("Cancel: nothing is charged")
    if job.state is JobState.WITHHELD:
        return _("Take it back: it stays paid")
    return _("Cancel: you pay what is billed by then")


def made_by(label: str) -> str:
    """How the catalogue says that no camera was there: `AI-generated`, `storyboard, not AI`."""
    return escaped(_(label))


def settings(model_name: str, order: Order) -> str:
    """`Studio · 720p · 16:9 · 4 s · seed 7`."""
    parts = [escaped(model_name), order.resolution, order.aspect_ratio, _("{n} s").format(n=order.duration_s)]
    if order.seed is not None:
        parts.append(_("seed {seed}").format(seed=order.seed))
    return " · ".join(parts)


def price(quote: Quote, order: Order, *, play_money: bool) -> str:
    """`$0.40 (4 s at $0.10 a second), play money`, or `free`."""
    line = price_line(quote, order.duration_s)
    if play_money and quote.price_micros:
        return _("{price}, play money").format(price=line)
    return line


def order_price(quote: Quote, order: Order, *, play_money: bool) -> str:
    """The price of all takes together, with that of one."""
    one = price(quote, order, play_money=play_money)
    if order.takes == 1 or not quote.price_micros:
        return one
    total = format_usd(Micros(quote.price_micros * order.takes))
    return _("{total} for {n} takes of {price}").format(total=total, n=order.takes, price=one)


def left(allowance: Allowance) -> str:
    """What may still be ordered, and until when."""
    if allowance.left_micros is None:
        return _("no limit on the budget")
    return _("{money} of the budget left until {day}").format(
        money=format_usd(allowance.left_micros), day=day(allowance.resets_at)
    )


def link(to: Link) -> str:
    """That a clip is behind a link, why, and for how long."""
    return _(
        "The clip is {size} MB, which is more than this place takes. It was paid for with the order; "
        "the link works until {when}, and New link makes another."
    ).format(size=f"{to.size_bytes / 1_000_000:.0f}", when=moment(to.expires_at))


def moment(at: datetime) -> str:
    """A date and time in every reader's own time zone and language."""
    return f"<t:{int(at.timestamp())}:f>"


def ago(at: datetime) -> str:
    """A time that every reader's own Discord writes and keeps current: `2 minutes ago`, `in a week`."""
    return f"<t:{int(at.timestamp())}:R>"


def day(at: datetime) -> str:
    """A date in every reader's own time zone and language."""
    return f"<t:{int(at.timestamp())}:D>"


def _running(progress: Progress | None) -> str:
    match progress:
        case None:
            return _("Being made")
        case Waiting(None):
            return _("In the provider's queue")
        case Waiting(0):
            return _("Next in the provider's queue")
        case Waiting(position):
            return _("In the provider's queue, {n} before it").format(n=position)
        case Rendering(None):
            return _("Rendering")
        case Rendering(percent):
            return _("Rendering, {percent} %").format(percent=percent)


def _is_character(job: Job) -> bool:
    return job.order.kind is Kind.CHARACTER


def _failure(fault: Fault | None, *, is_character: bool = False) -> tuple[str, str]:
    """What happened and what to do, by whose matter it is. The provider's own words are the operator's."""
    match fault.kind if fault else FaultKind.OURS:
        case FaultKind.PROMPT:
            return _("The model could not take this prompt."), _("Say it in other words and order again.")
        case FaultKind.PICTURE if is_character:
            return _("The model could not take this clip."), _("Choose another with /character add.")
        case FaultKind.PROVIDER if fault is not None and fault.code == "character_removed":
            return (
                _("A character in it was removed by its owner."),
                _("Order again without it."),
            )
        case FaultKind.PICTURE:
            return _("The model could not take this picture."), _("Choose another picture and order again.")
        case FaultKind.LIKENESS:
            return (
                _("The model refused it because of a person's likeness."),
                _("Leave real people out and order again."),
            )
        case FaultKind.RULES:
            return (
                _("The model's rules do not allow it."),
                _("Change what is to be seen or heard and order again."),
            )
        case FaultKind.MEMBER_BUDGET:
            return (
                _("Your budget had no room for it."),
                _("Choose a cheaper order; /quota shows your budget."),
            )
        case FaultKind.PERMISSIONS if fault is not None and fault.code == "paused":
            return (
                _("The moderators had paused orders here, and it waited for a day."),
                _("Order again when they go on."),
            )
        case FaultKind.SERVER_BUDGET if fault is not None and fault.code == "spending_stopped":
            return (
                _("Whoever runs this bot had stopped paid orders, and it waited for a day."),
                _("Order again when they go on."),
            )
        case FaultKind.SERVER_BUDGET:
            return _("The bot's own budget had no room for it."), _("Ask whoever runs this bot.")
        case FaultKind.PROVIDER if fault is not None and fault.code == "source_gone":
            return (
                _("The provider no longer has the clip that it was to start from."),
                _("Start from another clip, or choose a model that takes this one as a file."),
            )
        case FaultKind.PROVIDER:
            return _("The provider could not make it."), _("Order again in a while, or choose another model.")
        case FaultKind.PERMISSIONS:
            return _("The bot may not post here."), _("Ask a manager to let it, or order in another channel.")
        case FaultKind.OURS if fault is not None and fault.code == "dry_run":
            return (
                _("Dry run: nothing is ordered."),
                _("Nothing to do: whoever runs this bot is trying it out."),
            )
        case FaultKind.OURS:
            return (
                _("Something went wrong on our side."),
                _("Order again; if it happens again, tell whoever runs this bot."),
            )


def _cost_of_end(job: Job) -> str:
    """What an order that ended without a clip cost its member."""
    if not job.quote.price_micros:
        return _("It was free.")
    if not job.charged_micros:
        return _("Nothing was charged.")
    return _("The provider billed it all the same: you pay {money}.").format(
        money=format_usd(job.charged_micros)
    )


def reason(given: Reason) -> str:
    """Why a clip was reported, as the form offers it."""
    match given:
        case Reason.MINOR:
            return _("A minor in a sexual way")
        case Reason.INTIMATE:
            return _("A real person, naked or sexual, without consent")
        case Reason.LIKENESS:
            return _("A real person who did not agree to it")
        case Reason.VIOLENCE:
            return _("Cruelty, hate or a threat")
        case Reason.RIGHTS:
            return _("Somebody else's work or mark")
        case Reason.OTHER:
            return _("Something else")
