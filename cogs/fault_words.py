"""What people read of a job that failed, by whose matter it is."""

from bot.domain import Fault, FaultKind
from bot.language import _


def failure(fault: Fault | None, *, is_character: bool = False) -> tuple[str, str]:
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
