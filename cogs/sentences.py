"""What people read about a job: its state, what became of its money, and what to do, in plain words."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.delivery import Card, HeldBack, Link, Take
from bot.domain import (
    RESTING,
    Clip,
    ClipState,
    Job,
    JobState,
    Kind,
    Order,
)
from bot.language import _, language, ngettext
from bot.moderation.reporting import Reason
from bot.money import format_usd
from bot.offers.options import seed_of
from bot.providers.protocol import Progress, Rendering, Waiting
from bot.quoting import escaped, whole_lines
from bot.reviews import Decision
from cogs import fault_words, review_words

LISTED_UNITS_MAX = 3_900
"""Of the 4,000 that a message takes: one line more says how many are left out."""

_THERE = frozenset({JobState.POSTED, JobState.STORED, JobState.WITHHELD, JobState.UNDELIVERABLE})
_SETTLED = RESTING - {JobState.REVIEW, JobState.WITHHELD}


def state(job: Job, progress: Progress | None) -> str:
    """Where a job is, in a few words; a number only where the provider gave it."""
    match job.state:
        case JobState.REVIEW:
            return _("Waiting for a moderator")
        case JobState.QUEUED:
            return _("In line") if job.attempt == 0 else _("In line again: no provider has taken it yet")
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
        case JobState.UNCERTAIN if job.ticket is not None:
            return _(
                "The provider has this order and has not said for long what becomes of it. It is not ordered "
                "twice; after a day the price is yours again, and a clip that still comes is free. "
                "Nothing to do: this card says when we know."
            )
        case JobState.UNCERTAIN:
            return _(
                "The provider did not answer clearly whether it has this order. It is not ordered twice; "
                "after a day the price is yours again, and a clip that still comes is free. "
                "Nothing to do: this card says when we know."
            )
        case JobState.FAILED:
            what, do = fault_words.failure(job.fault, is_character=_is_character(job))
            return _("{what} {cost} {do}").format(what=what, cost=_cost_of_end(job), do=do)
        case JobState.REJECTED:
            return _("A moderator did not let it pass. {cost} Ask a moderator for the reason.").format(
                cost=_cost_of_end(job)
            )
        case JobState.CANCELLED:
            return _("{cost} Order again with /generate whenever you like.").format(cost=_cost_of_end(job))
        case JobState.POSTED if _is_character(job):
            return _("Choose it as character1 of /generate. /character list shows who may order with it.")
        case JobState.POSTED if job.clip_is_direct:
            return _(
                "This place did not take the clip; it was sent to its member by direct message. They find it "
                "with /clips too."
            )
        case JobState.POSTED if job.clip_channel_id not in (None, job.order.channel_id):
            return _(
                "This place did not take the clip; it went to {place}. Its member finds it with /clips too."
            ).format(place=f"<#{job.clip_channel_id}>")
        case JobState.UNDELIVERABLE if job.order.private and not job.order.member.in_server:
            return _("It is kept and paid for. You find it here with /clips.")
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
    """The same of a take, which may wait for whoever runs the bot, and whose clip may be gone again."""
    if take.clip_state is not ClipState.SHOWN:
        return _gone(take)
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


def _gone(take: Take) -> str:
    cost = _("It was free.") if not take.job.quote.price_micros else _("What it cost stays paid.")
    match take.clip_state:
        case ClipState.HIDDEN:
            return _("Somebody has reported it. {cost} Nothing to do: a moderator decides.").format(cost=cost)
        case ClipState.TAKEN_DOWN:
            return _("It does not come back. {cost} Ask a moderator for the reason.").format(cost=cost)
        case ClipState.EXPIRED:
            return _(
                "Its file is kept no longer; where it was posted, it stays. {cost} Again makes another one."
            ).format(cost=cost)
        case ClipState.DELETED | ClipState.SHOWN:
            return cost


def headline(takes: Sequence[Take]) -> str:
    """Where an order is: its one take, or how many of them are there."""
    told = {take_state(replace(take, progress=None)) for take in takes}
    if len(takes) == 1:
        return take_state(takes[0])
    if len(told) == 1:
        return told.pop()
    there = sum(take.job.state in _THERE for take in takes)
    ended = sum(take.job.state in _SETTLED for take in takes)
    if ended == len(takes):
        return ngettext(
            "Done: {there} of {takes} takes was made", "Done: {there} of {takes} takes were made", there
        ).format(there=there, takes=len(takes))
    return ngettext("{there} of {takes} takes is there", "{there} of {takes} takes are there", there).format(
        there=there, takes=len(takes)
    )


def take_state(take: Take) -> str:
    """Where one take is, and what became of its clip."""
    match take.clip_state:
        case ClipState.SHOWN:
            return _("Done") if take.clip_here is not None else _under_way(take)
        case ClipState.HIDDEN:
            return _("Reported: hidden until a moderator has looked")
        case ClipState.TAKEN_DOWN:
            return _("Taken down by a moderator")
        case ClipState.DELETED:
            return _("Deleted by its member")
        case ClipState.EXPIRED:
            return _("Its time here is over")


def _under_way(take: Take) -> str:
    match take.held_back:
        case HeldBack.PAUSE:
            return _("Paused by the moderators")
        case HeldBack.HALT | HeldBack.SPENDING:
            return _("Paused by whoever runs this bot")
        case None:
            pass
    if take.job.state is JobState.REJECTED and take.review is not None:
        match take.review.decision:
            case Decision.EXPIRED:
                return _("No moderator looked in time")
            case Decision.CHANGE:
                return _("A moderator asks for a change")
            case Decision.APPROVED | Decision.DENIED | Decision.STRUCK | Decision.WITHDRAWN | None:
                pass
    return state(take.job, take.progress)


def held_explanation(card: Card) -> str | None:
    """For whom an order of several takes waits, once for all of them."""
    return next((take_explanation(take) for take in card.takes if take.held_back is not None), None)


def of_takes(numbers: Sequence[str], told: str) -> str:
    """What is true of takes, by their numbers."""
    return ngettext("**Take {takes}** {told}", "**Takes {takes}** {told}", len(numbers)).format(
        takes=", ".join(numbers), told=told
    )


def take_line(take: Take, url: str | None) -> str:
    """One take in the list of its card: its number, where it is, and the way to its clip."""
    told, why = take_state(take), None
    if take.job.state in {JobState.FAILED, JobState.REJECTED}:
        why = take_explanation(take)
    elif take.job.state is JobState.CANCELLED:
        why = _cost_of_end(take.job)
    if why is not None:
        told = _("{state}. {why}").format(state=told, why=why)
    if (when := time_left(take)) is not None:
        told = f"{told} · {when}"
    if take.job.clip_is_direct and take.job.state is JobState.POSTED:
        told = _("{told}, sent to its member by direct message").format(told=told)
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


def as_far_as_fits(lines: Sequence[str], units_max: int = LISTED_UNITS_MAX) -> list[str]:
    """As many of the lines as there is room for; where that is not all, how many more there are."""
    shown = whole_lines(lines, units_max)
    more = [] if shown == len(lines) else [_("… and {n} more").format(n=len(lines) - shown)]
    return [*lines[:shown], *more]


def made_by(label: str) -> str:
    """How the catalogue says that no camera was there: `AI-generated`, `storyboard, not AI`."""
    return escaped(_(label))


def settings(model_name: str, order: Order) -> str:
    """`Studio · 720p · 16:9 · 4 s · seed 7`; what goes on from a clip is longer by so much than that."""
    seed = [] if order.seed is None else [_("seed {seed}").format(seed=order.seed)]
    return " · ".join([*_settings(model_name, order), *seed])


def settings_of_takes(model_name: str, order: Order) -> str:
    """The same of an order as it was asked for, or of its first take: with the seed of every one."""
    if order.seed is None or order.takes == 1:
        return settings(model_name, order)
    seeds = ", ".join(str(seed_of(order.seed, take)) for take in range(1, order.takes + 1))
    return " · ".join([*_settings(model_name, order), _("seeds {seeds}").format(seeds=seeds)])


def _settings(model_name: str, order: Order) -> list[str]:
    length = _("{n} s added") if order.kind is Kind.EXTEND else _("{n} s")
    return [escaped(model_name), order.resolution, order.aspect_ratio, length.format(n=order.duration_s)]


def link(to: Link, *, way: str | None = None) -> str:
    """That a clip is behind a link, why, and for how long; `way` gives another, else the button below."""
    return _(
        "The clip is {size} MB, which is more than this place takes. It was paid for with the order; "
        "the link works until {when}, and {way} gives another."
    ).format(size=megabytes(to.size_bytes), when=moment(to.expires_at), way=way or _("New link"))


def too_large(clip: Clip) -> str:
    """That a clip is shown in no way, and who has it."""
    return _(
        "The clip is {size} MB: more than Discord takes here, and it cannot be made small enough. It was "
        "paid for with the order; ask whoever runs this bot for it. Its order is {id}."
    ).format(size=megabytes(clip.size_bytes), id=f"`{clip.job_id}`")


def megabytes(size_bytes: int) -> str:
    """With one decimal, behind the mark of the language of the moment."""
    written = f"{size_bytes / 1_000_000:.1f}"
    return written.replace(".", ",") if language.get() == "de" else written


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
