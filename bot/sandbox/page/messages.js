/** The channel's list of messages: what changed is reconciled in place, the view stays where the reader is. */

import { displayName, el } from "./elements.js";
import { messageElement, summary } from "./message.js";
import { reconcile } from "./reconcile.js";
import { EPHEMERAL, LOADING } from "./store.js";
import { dayName, startOfDay } from "./timestamps.js";

const SAME_BYLINE_MS = 7 * 60 * 1000;

/** Owns the `<ol>` of messages; what is done on them is told by Presses. */
export class Messages {
  constructor({ list, empty, announcer, scrollback, address }) {
    this._list = list;
    this._empty = empty;
    this._announcer = announcer;
    this._scrollback = scrollback;
    this._address = address;
    this._session = null;
    this._channelId = null;
    this._activeId = null;
    this._revealed = new Set();
    this._shown = new Map();
    this._scheduled = false;
    list.addEventListener("focusin", (event) => this._activateAround(event.target));
  }

  /** Shows a channel as one member sees it. */
  show(session, channelId) {
    this._session = session;
    this._channelId = channelId;
    this._activeId = null;
    this._shown.clear();
    this._list.replaceChildren();
    this.render();
    this._scrollback.toEnd();
  }

  /** Renders once for all the changes of this moment. */
  changed() {
    if (this._scheduled) return;
    this._scheduled = true;
    queueMicrotask(() => {
      this._scheduled = false;
      this.render();
    });
  }

  render() {
    if (this._session === null || this._channelId === null) return;
    const messages = this._session.store.messagesOf(this._channelId);
    if (!messages.some((message) => message.id === this._activeId))
      this._activeId = messages.at(-1)?.id ?? null;
    this._keepingFocus(() => this._place(messages));
    this._empty.hidden = messages.length > 0 || !this._session.isComplete(this._channelId);
    if (this._scrollback.isAtEnd) this._scrollback.toEnd();
  }

  /** Tells a screen reader of a new message, in one line. */
  announce(message) {
    if (message.channel_id !== this._channelId) return;
    this._scrollback.announce();
    if ((message.flags & LOADING) !== 0) return;
    const text = message.local?.text ?? summary(message, this._session.store);
    const whom = (message.flags & EPHEMERAL) !== 0 ? ", only to you" : "";
    this._announcer.textContent = `${displayName(message.author)}${whom}: ${text}`;
  }

  /** Goes to a message; false when it is not among those that are loaded. */
  goTo(id) {
    const item = document.getElementById(`message-${id}`);
    if (item === null) return false;
    this._scrollback.leaveEnd();
    this._activate(item);
    return true;
  }

  /** Uncovers a spoiler, and keeps it so. */
  reveal(key) {
    this._revealed.add(key);
    this.render();
  }

  focusLast() {
    this._activate(this._list.lastElementChild);
  }

  /** Puts the items in order; one whose message and surroundings are as they were is not rendered again. */
  _place(messages) {
    const wanted = new Set(messages.map((message) => message.id));
    // First, so that what stays is in its place already: a film that is moved stops.
    for (const [id, { item }] of this._shown) {
      if (wanted.has(id)) continue;
      item.remove();
      this._shown.delete(id);
    }
    let next = this._list.firstElementChild;
    messages.forEach((message, position) => {
      const traits = this._traits(message, messages[position - 1]);
      const shown = this._shown.get(message.id);
      let { item } = shown ?? {};
      if (item === undefined) {
        item = this._list.insertBefore(this._element(message, traits), next);
      } else {
        if (item !== next) this._list.insertBefore(item, next);
        if (!sameTraits(shown.traits, traits)) reconcile(item, this._element(message, traits));
        next = item.nextElementSibling;
      }
      this._shown.set(message.id, { item, traits });
    });
  }

  /** All that an item's look depends on. */
  _traits(message, before) {
    const { interactions, store } = this._session;
    const sent = new Date(message.timestamp);
    const newDay = before === undefined || startOfDay(sent) > startOfDay(new Date(before.timestamp));
    return {
      message,
      answered:
        store.message(this._channelId, message.message_reference?.message_id) ?? message.referenced_message,
      active: message.id === this._activeId,
      day: newDay ? dayName(sent) : null,
      continues: !newDay && continues(message, before),
      failure: interactions.failureOf(message.id),
      busy: interactions.busyOn(message.id),
      revealed: [...this._revealed].filter((key) => key.startsWith(`${message.id}:`)).length,
    };
  }

  _element(message, { answered, active, day, continues: joined, failure }) {
    const { store, interactions, member } = this._session;
    let spoilers = 0;
    const view = {
      names: store.names,
      me: member,
      address: this._address,
      answered,
      active,
      day,
      continues: joined,
      failure,
      isBusy: (customId) => interactions.isBusy(message.id, customId),
      spoiler: () => {
        const key = `${message.id}:${spoilers}`;
        spoilers += 1;
        return { key, revealed: this._revealed.has(key) };
      },
    };
    return messageElement(message, view);
  }

  _keepingFocus(change) {
    const focused = this._list.contains(document.activeElement) ? document.activeElement : null;
    const item = focused?.closest("li.message") ?? null;
    const after = item?.nextElementSibling ?? item?.previousElementSibling ?? null;
    change();
    if (focused === null || focused.isConnected) return;
    // What had the focus is gone; its message, or the neighbour of that, is the nearest thing to it.
    const heir = item.isConnected ? item : after;
    if (heir?.isConnected) heir.focus({ preventScroll: true });
  }

  _activate(item) {
    item?.focus();
    item?.scrollIntoView({ block: "nearest" });
  }

  _activateAround(target) {
    const id = target.closest("li.message")?.dataset.message;
    if (id === undefined || id === this._activeId) return;
    for (const [messageId, tabindex] of [
      [this._activeId, "-1"],
      [id, "0"],
    ]) {
      const item = document.getElementById(`message-${messageId}`);
      for (const element of item === null ? [] : [item, ...item.querySelectorAll(".tools button")])
        element.setAttribute("tabindex", tabindex);
    }
    this._activeId = id;
  }
}

function sameTraits(a, b) {
  return Object.keys(a).every((name) => a[name] === b[name]);
}

function continues(message, before) {
  return (
    before.author.id === message.author.id &&
    !message.message_reference &&
    !message.interaction_metadata &&
    (before.flags & EPHEMERAL) === (message.flags & EPHEMERAL) &&
    new Date(message.timestamp) - new Date(before.timestamp) < SAME_BYLINE_MS
  );
}
