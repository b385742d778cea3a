"""What of a prompt means nothing to a model: its member reads so, and says yes, before it is paid."""

import re

from bot.language import _

_MENTION = re.compile(r"<(?:@[!&]?|#|a?:\w{1,64}:)\d{1,20}>|@everyone\b|@here\b")
_LINK = re.compile(r"\b(?:https?://|www\.)\S")
_MARKS = re.compile(r"\*\*[^*]+\*\*|~~[^~]+~~|\|\|[^|]+\|\||`[^`]+`")
"""Discord's marks for bold, struck out, hidden and code; single ones are people's own."""


def unread(prompt: str) -> tuple[str, ...]:
    """A sentence for each kind of thing in a prompt that no model can make anything of; mostly none."""
    told = []
    if not any(map(str.isalnum, prompt)):
        told.append(_("The prompt has no word in it: the model can only guess what its signs mean."))
    if _MENTION.search(prompt):
        told.append(
            _("A mention means nothing to the model and pings nobody: say in words who or what is meant.")
        )
    if _LINK.search(prompt):
        told.append(_("The model opens no links: say in words what is to be seen."))
    if _MARKS.search(prompt):
        told.append(_("The model gets marks such as ** as they stand: leave them out if they mean nothing."))
    return tuple(told)
