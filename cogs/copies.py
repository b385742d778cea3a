"""What is said of a smaller copy of a clip, where its place took no more: in one short phrase."""

from bot.delivery import Copy
from bot.language import _
from cogs import sentences


def smaller(copy: Copy) -> str:
    """How small it is of what, and where the whole is."""
    size, whole = sentences.megabytes(copy.size_bytes), sentences.megabytes(copy.whole_bytes)
    if copy.original is not None:
        return _("a smaller copy: {size} of {whole} MB; [the original]({url}) until {when}").format(
            size=size,
            whole=whole,
            url=copy.original.url,
            when=sentences.moment(copy.original.expires_at),
        )
    if copy.kept_until is not None:
        return _(
            "a smaller copy: {size} of {whole} MB; whoever runs this bot has the original until {when}"
        ).format(size=size, whole=whole, when=sentences.moment(copy.kept_until))
    return _("a smaller copy: {size} of {whole} MB; whoever runs this bot has the original").format(
        size=size, whole=whole
    )
