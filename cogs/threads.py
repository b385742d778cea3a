"""Threads that were archived meanwhile: woken where that is allowed, so that what is in them can be changed.

Discord archives a thread by itself after hours without a message. A message wakes it, "unless the thread has
been locked by a moderator" (docs: topics/threads); an edit, a deletion or a reaction is refused until then.
"""

import logging

import discord

log = logging.getLogger(__name__)


async def wake(client: discord.Client, channel_id: int) -> bool:
    """Wake an archived thread; False where that is not for us, since a moderator has locked it."""
    thread = client.get_channel(channel_id) or await client.fetch_channel(channel_id)
    if not isinstance(thread, discord.Thread):
        return False
    try:
        await thread.edit(archived=False)
    except (discord.Forbidden, discord.NotFound) as closed:
        log.info("thread %d stays archived: %s", channel_id, closed.text, extra={"code": "thread_locked"})
        return False
    return True
