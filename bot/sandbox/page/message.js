/** One message as an element: who, when, to what, and everything that it carries. */

import { components, emojiText } from "./components.js";
import { avatar, displayName, el, icon } from "./elements.js";
import { embeds } from "./embeds.js";
import { attachments, stableKey } from "./files.js";
import { markdown, plainText } from "./markdown.js";
import { EPHEMERAL, LOADING } from "./store.js";
import { messageTime, styledText } from "./timestamps.js";

const COMPONENTS_V2 = 1 << 15;
const LINE_CHARS_MAX = 160;

/**
 * Renders a message as a list item. `view` has names, me, address(url), spoiler(), isBusy(customId),
 * failure, answered (what it replies to), active (it can take the focus by Tab) and continues (same
 * author as the message above).
 */
export function messageElement(message, view) {
  const ephemeral = (message.flags & EPHEMERAL) !== 0;
  const mentioned = (message.mentions ?? []).some((user) => user.id === view.me.id);
  const classes = [
    "message",
    ephemeral && "ephemeral",
    mentioned && "mentioned",
    view.continues && "continues",
  ];
  return el(
    "li",
    {
      class: classes.filter(Boolean).join(" "),
      id: `message-${message.id}`,
      "data-key": message.id,
      "data-message": message.id,
      "data-day": view.day,
      tabindex: view.active ? "0" : "-1",
      "aria-labelledby": `by-${message.id} said-${message.id}`,
    },
    context(message, view),
    el("div", { class: "portrait", "data-key": "portrait" }, avatar(message.author)),
    el(
      "div",
      { class: "body", "data-key": "body" },
      header(message),
      content(message, view),
      footnotes(message, view, ephemeral),
    ),
    !message.local && tools(message, view),
  );
}

function header(message) {
  const sent = new Date(message.timestamp);
  return el(
    "div",
    { class: "byline", "data-key": "byline" },
    el("span", { class: "author", id: `by-${message.id}` }, displayName(message.author)),
    message.author.bot && el("span", { class: "tag" }, "App"),
    el("time", { datetime: sent.toISOString(), title: styledText(sent, "F") }, messageTime(sent)),
  );
}

/** The line above a message: what it answers. */
function context(message, view) {
  const asked = message.interaction_metadata;
  const command = asked?.name ?? message.interaction?.name;
  if (message.message_reference && message.type === 19) return reply(view);
  if (asked?.user && command) {
    const who = el("strong", {}, displayName(asked.user));
    return el(
      "p",
      { class: "context", "data-key": "context" },
      icon("reply"),
      who,
      " used ",
      el("span", { class: "command-name" }, commandTitle(command, asked)),
    );
  }
  return null;
}

function commandTitle(name, asked) {
  // A command from the Apps menu has a target and no slash.
  return asked.target_message_id || asked.target_user || /[A-Z ]/.test(name[0]) ? name : `/${name}`;
}

function reply(view) {
  const { answered } = view;
  if (!answered)
    return el(
      "p",
      { class: "context", "data-key": "context" },
      icon("reply"),
      "The original message was deleted.",
    );
  const line = summary(answered, view);
  return el(
    "p",
    { class: "context", "data-key": "context" },
    icon("reply"),
    el("strong", {}, displayName(answered.author)),
    el("button", { type: "button", "data-action": "jump", "data-target": answered.id }, line || "a message"),
  );
}

function content(message, view) {
  const place = { "data-key": "content", id: `said-${message.id}` };
  if (message.local?.state === "sending")
    return el("p", { class: "thinking", ...place }, "Sending command", dots());
  if (message.local?.state === "failed") {
    return el("p", { class: "failure", ...place }, icon("warning"), message.local.text);
  }
  if ((message.flags & LOADING) !== 0) {
    return el("p", { class: "thinking", ...place }, `${displayName(message.author)} is thinking`, dots());
  }
  const v2 = (message.flags & COMPONENTS_V2) !== 0;
  // A v2 message shows its files where its components put them, and an embed its pictures itself.
  const embedded = new Set(
    (message.embeds ?? [])
      .flatMap(({ image, thumbnail }) => [image, thumbnail])
      .map((picture) => stableKey(picture?.url)),
  );
  const loose = v2 ? [] : (message.attachments ?? []).filter((file) => !embedded.has(stableKey(file.url)));
  const edited = message.edited_timestamp && !v2 && el("small", { class: "edited" }, "(edited)");
  return el(
    "div",
    { class: "content", ...place },
    message.content &&
      el("div", { class: "text", "data-key": "text" }, markdown(message.content, view), edited),
    loose.length > 0 && attachments(loose, view),
    message.embeds?.length > 0 && embeds(message.embeds, view),
    message.components?.length > 0 &&
      el("div", { class: "components", "data-key": "components" }, components(message.components, view)),
    message.reactions?.length > 0 && reactions(message.reactions),
  );
}

function dots() {
  return el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
}

function reactions(list) {
  return el(
    "div",
    { class: "reactions", "data-key": "reactions" },
    list.map(({ emoji, count, me }) => {
      const name = emoji.id ? `${emoji.name}:${emoji.id}` : emoji.name;
      const attributes = {
        type: "button",
        class: "reaction",
        "data-key": name,
        "data-action": "react",
        "data-emoji": name,
        "aria-pressed": me ? "true" : "false",
        "aria-label": `${emoji.name}, ${count} ${count === 1 ? "reaction" : "reactions"}`,
      };
      return el("button", attributes, emojiText(emoji), el("span", {}, String(count)));
    }),
  );
}

function footnotes(message, view, ephemeral) {
  const failure =
    view.failure &&
    el("p", { class: "failure", "data-key": "failure", role: "alert" }, icon("warning"), view.failure);
  const note =
    ephemeral &&
    message.local?.state !== "sending" &&
    el(
      "p",
      { class: "ephemeral-note", "data-key": "note" },
      icon("eye"),
      "Only you can see this · ",
      el("button", { type: "button", "data-action": "dismiss" }, "Dismiss"),
    );
  return [failure, note];
}

function tools(message, view) {
  // One message at a time is in the Tab order, so that a long channel is not a long way.
  const tabindex = view.active ? "0" : "-1";
  const ephemeral = (message.flags & EPHEMERAL) !== 0;
  return el(
    "div",
    { class: "tools", "data-key": "tools" },
    !ephemeral &&
      el(
        "button",
        {
          type: "button",
          class: "icon-button",
          tabindex,
          "data-action": "reactions",
          "aria-label": "Add a reaction",
          "aria-haspopup": "menu",
        },
        icon("smile"),
      ),
    el(
      "button",
      { type: "button", class: "tool", tabindex, "data-action": "apps", "aria-haspopup": "menu" },
      "Apps",
      icon("chevron"),
    ),
  );
}

/** A message in one line of plain words. */
export function summary(message, view) {
  if ((message.flags & LOADING) !== 0) return `${displayName(message.author)} is thinking`;
  const texts = [message.content, ...textsOf(message.components)]
    .filter(Boolean)
    .map((text) => plainText(named(text, view)));
  const files = (message.attachments ?? []).map((file) => file.filename);
  const line = [...texts, ...(texts.length > 0 ? [] : files)].join(" ");
  return line.length > LINE_CHARS_MAX ? `${line.slice(0, LINE_CHARS_MAX)}…` : line;
}

function textsOf(list) {
  return (list ?? []).flatMap((component) => [component.content, ...textsOf(component.components)]);
}

function named(text, view) {
  return text
    .replace(/<@!?(\d+)>/g, (_, id) => `@${view.names.user(id)}`)
    .replace(/<#(\d+)>/g, (_, id) => `#${view.names.channel(id)}`)
    .replace(/<\/([^:>]+):\d+>/g, "/$1");
}
