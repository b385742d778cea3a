/** What the menu of one message offers to one member. */

import { MESSAGE_MENU, commandsOf } from "./commands.js";
import { el } from "./elements.js";
import { REACTIONS, openMenu } from "./menu.js";
import { EPHEMERAL } from "./store.js";

const MANAGE_MESSAGES = 1n << 13n;

/** Opens the menu at `anchor` or `point`; `only` shows just the "reactions" or the "apps". */
export async function messageMenu({ message, anchor, point, only, session, notices, loadCommands }) {
  const ephemeral = (message.flags & EPHEMERAL) !== 0;
  const index = only === "reactions" ? [] : await loadCommands();
  const channel = session.store.channels.get(message.channel_id);
  const reactions = {
    label: "React",
    row: true,
    items: REACTIONS.map((emoji) => ({
      name: emoji,
      label: `React with ${emoji}`,
      onPick: () => notices.attempt(() => session.react(message, emoji, true)),
    })),
  };
  const apps = {
    label: "Apps",
    empty: "The bot has synced no message commands.",
    items: commandsOf(index, MESSAGE_MENU, channel).map((command) => ({
      name: el("span", {}, command.label ?? command.name),
      onPick: () => session.interactions.menuCommand(command, message),
    })),
  };
  const mayDelete =
    message.author.id === session.member.id ||
    (BigInt(session.member.permissions ?? 0) & MANAGE_MESSAGES) !== 0n;
  const more = {
    label: "Message",
    items: [
      { name: "Copy message ID", onPick: () => copy(message.id, notices) },
      ...(mayDelete && !ephemeral
        ? [
            {
              name: "Delete message",
              danger: true,
              onPick: () => notices.attempt(() => session.remove(message)),
            },
          ]
        : []),
    ],
  };
  const groups =
    only === "reactions"
      ? [reactions]
      : only === "apps"
        ? [apps]
        : [...(ephemeral ? [] : [reactions]), apps, more];
  openMenu({ label: "Message menu", groups, anchor, point, returnTo: anchor });
}

async function copy(text, notices) {
  try {
    await navigator.clipboard.writeText(text);
    notices.say("Copied.", { isFault: false });
  } catch {
    // Browsers refuse the clipboard outside of https and localhost.
    notices.say(`The ID is ${text}`, { isFault: false });
  }
}
