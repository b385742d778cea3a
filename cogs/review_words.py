"""What moderators read of a review, and members of what waits for one."""

from bot.domain import Job, JobState
from bot.language import _, ngettext
from bot.moderation.deciding import Case
from bot.moderation.gates import Gate, Why
from bot.money import format_usd
from bot.quoting import escaped
from bot.reviews import Decision, Review
from bot.screening.verdict import UNAVAILABLE

REASONS_SHOWN = 6


def title(review: Review) -> str:
    """What is to be decided, or who has decided what."""
    by = f"<@{review.decided_by}>"
    match review.decision:
        case None if review.gate is Gate.RENDERING:
            return _("An order waits before it is made")
        case None if review.publishes:
            return _("A clip that its member has seen waits to be published")
        case None:
            return _("A clip waits before it is shown")
        case Decision.APPROVED if review.spoiler:
            return _("Approved by {member}, as a spoiler").format(member=by)
        case Decision.APPROVED:
            return _("Approved by {member}").format(member=by)
        case Decision.DENIED:
            return _("Denied by {member}").format(member=by)
        case Decision.STRUCK:
            return _("Denied by {member}, with a strike").format(member=by)
        case Decision.CHANGE:
            return _("{member} asked for a change").format(member=by)
        case Decision.EXPIRED if review.publishes:
            return _("Nobody looked in time: its member may ask again")
        case Decision.EXPIRED:
            return _("Nobody looked in time: turned down by itself")
        case Decision.WITHDRAWN:
            return _("Taken back by its member")


def cause(review: Review) -> str:
    """Why it waits."""
    match review.why:
        case Why.ALL:
            return _("Everything waits in this channel.")
        case Why.FIRST:
            return _("The first of a member wait in this channel.")
        case Why.PROBATION:
            return _("Its member is on probation: everything of theirs waits.")
        case Why.FLAGGED:
            return _("Screening: {findings}").format(findings=findings(review))


def findings(review: Review) -> str:
    """What screening found, with how sure it was."""
    told = []
    for reason in review.found.reasons[:REASONS_SHOWN]:
        code, source, category = [*reason.split(":", 2), "", ""][:3]
        if code == UNAVAILABLE:
            told.append(_("{source} gave no answer, so nobody has looked").format(source=escaped(source)))
            continue
        score = review.found.scores.get(category)
        sure = "" if score is None else f" {round(100 * score)} %"
        told.append(f"{escaped(category or code)}{sure} ({escaped(source)})")
    if review.found.forbidden:
        told.append(_("it can only be denied"))
    return ", ".join(told) or _("it was flagged")


def history(case: Case) -> str:
    """What is known of the member here."""
    past, standing = case.history, case.standing
    told = [
        ngettext("{n} order", "{n} orders", past.orders).format(n=past.orders),
        _("{n} approved").format(n=past.approved),
        _("{n} denied").format(n=past.denied),
        ngettext("{n} strike", "{n} strikes", standing.strikes).format(n=standing.strikes),
    ]
    if standing.warnings:
        told.append(ngettext("{n} warning", "{n} warnings", standing.warnings).format(n=standing.warnings))
    if standing.is_blocked:
        told.append(_("blocked now"))
    return ", ".join(told)


def agreed(case: Case) -> str | None:
    """Who has approved, where two have to; None where one is enough."""
    if case.review.needed == 1:
        return None
    names = ", ".join(f"<@{one}>" for one in case.approvers) or _("nobody yet")
    return _("Two moderators have to approve this: {names}.").format(names=names)


def outcome(review: Review) -> str:
    """What a decision did with the money, for whoever took it."""
    match review.decision:
        case Decision.DENIED | Decision.STRUCK | Decision.CHANGE if review.gate is Gate.RENDERING:
            return _("Nothing was charged: what was set aside is free again.")
        case Decision.DENIED | Decision.STRUCK | Decision.CHANGE if review.refunded:
            return _("Its price is given back to the member; whoever runs this bot pays it.")
        case Decision.CHANGE if review.publishes:
            return _("It was made before, so it stays paid by its member.")
        case Decision.DENIED | Decision.STRUCK:
            return _("It was made before, so it stays paid by its member.")
        case _:
            return _("It costs what its member was told.")


def waits(job: Job, ends: str | None) -> str | None:
    """What a member reads on their card while a job waits; `ends` is when it ends by itself."""
    if ends is None:
        return None
    if job.state is JobState.REVIEW:
        return _(
            "A moderator looks at it before it is made. Nothing is charged yet; the price stays set aside. "
            "Nothing to do: if nobody has looked {when}, it ends and costs nothing."
        ).format(when=ends)
    return _(
        "A moderator looks at the clip before it is shown. It is made and paid for. Nothing to do: if nobody "
        "has looked {when}, the price is given back."
    ).format(when=ends)


def turned_down(job: Job, review: Review | None) -> str:
    """What a member reads on their card when a moderator did not let it pass, or nobody looked."""
    cost = _cost(job)
    match None if review is None else review.decision:
        case Decision.EXPIRED:
            return _("No moderator looked in time. {cost} Order again whenever you like.").format(cost=cost)
        case Decision.CHANGE:
            return _(
                "A moderator asks for a change. {cost} Press Why for their words, and Change to order again."
            ).format(cost=cost)
        case None:
            return _("A moderator did not let it pass. {cost} Ask a moderator for the reason.").format(
                cost=cost
            )
        case _:
            return _("A moderator did not let it pass. {cost} Press Why for the reason.").format(cost=cost)


def told(review: Review) -> str:
    """What a member reads when they ask why."""
    match review.decision:
        case Decision.DENIED:
            return _("A moderator did not let it pass. Their reason:")
        case Decision.STRUCK:
            return _("A moderator did not let it pass, and noted a strike. Their reason:")
        case Decision.CHANGE:
            return _("A moderator asks for a change:")
        case Decision.APPROVED:
            return _("A moderator has let it pass.")
        case Decision.EXPIRED | Decision.WITHDRAWN | None:
            return _("No moderator has decided it.")


def _cost(job: Job) -> str:
    if not job.quote.price_micros:
        return _("It was free.")
    if not job.charged_micros:
        return _("Nothing was charged.")
    return _("It was made before that: you pay {money}.").format(money=format_usd(job.charged_micros))
