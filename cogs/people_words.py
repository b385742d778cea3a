"""Sanctions and standings in words."""

from bot.language import _, ngettext
from bot.moderation.people import BY_RULE, EVERYWHERE, Measure, Sanction, Standing
from bot.quoting import escaped, shortened
from cogs import sentences

REASON_UNITS = 300


def measure(one: Measure) -> str:
    """A measure's name."""
    match one:
        case Measure.WARNING:
            return _("Warning")
        case Measure.STRIKE:
            return _("Strike")
        case Measure.COOLDOWN:
            return _("Cool-down: no orders")
        case Measure.BLOCK:
            return _("Block: no orders, no buttons")
        case Measure.PROBATION:
            return _("Probation: a moderator looks at everything")


def until(sanction: Sanction) -> str:
    """Until when it holds."""
    if sanction.lifted_at is not None:
        return _("lifted {when}").format(when=sentences.ago(sanction.lifted_at))
    if sanction.until is None:
        return _("until it is lifted")
    return _("until {when}").format(when=sentences.moment(sanction.until))


def reason(sanction: Sanction) -> str:
    """Why, as safe text."""
    return escaped(shortened(sanction.reason, REASON_UNITS))


def line(sanction: Sanction, *, for_moderators: bool) -> str:
    """A sanction on a line: what, since when, until when, why; for moderators also by whom."""
    parts = [f"**{measure(sanction.measure)}**", f"<t:{int(sanction.at.timestamp())}:d>", until(sanction)]
    if sanction.guild_id == EVERYWHERE:
        parts.append(_("by whoever runs this bot"))
    elif sanction.by_id == BY_RULE:
        parts.append(_("by this server's rule about strikes"))
    elif for_moderators:
        parts.append(_("by {member}").format(member=f"<@{sanction.by_id}>"))
    return f"{' · '.join(parts)}\n> {reason(sanction)}"


def summary(standing: Standing) -> str:
    """How somebody stands, in a sentence."""
    if standing.block is not None:
        told = _("blocked")
    elif standing.cooldown is not None:
        told = _("cooling down")
    elif standing.on_probation:
        told = _("on probation")
    else:
        told = _("in good standing")
    counted = ngettext("{n} strike counts", "{n} strikes count", standing.strikes).format(n=standing.strikes)
    return f"{told}, {counted}"
