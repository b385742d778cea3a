"""What members and moderators read of the steps of a deletion, and of what no step can reach."""

from collections.abc import Iterable

from bot.clips.removal import Removal, Step
from bot.language import _


def question(takes: int, take: int | None) -> str:
    """Whether a deletion is meant: of a clip, which may be one of several takes, or (None) of all of them."""
    if takes == 1:
        return _(
            "Delete this clip everywhere? Its message, the provider's copy, the file here and "
            "all links to it go, and nobody can bring them back. What it cost is not given back."
        )
    if take is not None:
        return _(
            "Delete take {n} everywhere, and no other? Its message, the provider's copy, the file here and "
            "all links to it go, and nobody can bring them back. What it cost is not given back."
        ).format(n=take)
    return _(
        "Delete the clips of all takes of this order everywhere? Their messages, the provider's copies, the "
        "files here and all links to them go, and nobody can bring them back. What they cost is not given "
        "back. One alone is deleted with the button under it, or with /clips."
    )


def removal_lines(steps: Iterable[Removal]) -> list[str]:
    """What became of the steps of a deletion, each thing once, without those that are not told."""
    lines = (_line(step) for step in steps)
    return list(dict.fromkeys(f"- {line}" for line in lines if line is not None))


def is_told(removal: Removal) -> bool:
    """Whether there was something to do in a step, or may be."""
    return _line(removal) is not None


def _line(removal: Removal) -> str | None:
    what = _removed(removal.step)
    if removal.result is None:
        return _("{what}: still to do; it goes on by itself").format(what=what)
    code = removal.result.partition(":")[0]
    match code:
        case "deleted" | "dead" | "edited" | "blocked" | "looked":
            return _("{what}: done").format(what=what)
        case "refused":
            return _("{what}: this place is closed to the bot; a moderator can delete it").format(what=what)
        case "kept":
            return _("{what}: kept, since it is not what is wrong").format(what=what)
        case "given up":
            return _("{what}: could not be done; tell whoever runs this bot").format(what=what)
        case _:  # there was none
            return None


def out_of_reach() -> str:
    """What no take-down can bring back."""
    return _("What others have forwarded or saved cannot be called back; report a forward to Discord itself.")


def _removed(step: Step) -> str:
    match step:
        case Step.LINKS:
            return _("Links to it")
        case Step.CLIP_MESSAGE:
            return _("Its message")
        case Step.CARD:
            return _("Its card")
        case Step.GALLERY:
            return _("Its message in the gallery")
        case Step.REVIEWS:
            return _("What moderators were shown of it")
        case Step.COPIES:
            return _("Copies that /clips sent to one person")
        case Step.PROVIDER:
            return _("The provider's copy")
        case Step.HASHES:
            return _("A block of its file and of what it looks like")
        case Step.PICTURE:
            return _("The picture that it began with")
        case Step.FILE:
            return _("The file here")
        case Step.THUMBNAIL:
            return _("Its small picture")
        case Step.ALIKE:
            return _("A look for clips here that look like it")
