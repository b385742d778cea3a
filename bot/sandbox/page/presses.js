/** What is done on the messages: presses, keys and menus, found by where in the list they happened. */

import { findComponent } from "./components.js";
import { readMessageLink } from "./place.js";

/**
 * Listens on the list of messages. `find(messageId)` gives the message, `leads(channelId)` says
 * whether a link to that channel leads anywhere. Events: `press` {message, component}, `choose`
 * {message, component, anchor}, `menu` {message, anchor, point, only}, `react` {message, emoji, on},
 * `visit` {channelId, messageId}, `command` {name}, `reveal` {key}, `dismiss` {message}, and `stale`
 * {message} (an address in it no longer loads).
 */
export class Presses extends EventTarget {
  constructor({ list, find, leads }) {
    super();
    this._list = list;
    this._find = find;
    this._leads = leads;
    this._refreshed = new Set();
    list.addEventListener("click", (event) => this._click(event));
    list.addEventListener("keydown", (event) => this._key(event));
    list.addEventListener("contextmenu", (event) => this._contextMenu(event));
    list.addEventListener("error", (event) => this._refreshMedium(event.target), true);
  }

  _click(event) {
    const place = readMessageLink(event.target.closest("a[href]")?.href ?? "");
    // As in Discord's own client: a link to a message of this server is a way, not another page.
    if (place !== null && this._leads(place.channelId)) {
      event.preventDefault();
      this._tell("visit", place);
      return;
    }
    const control = event.target.closest("[data-action]");
    if (control === null || control.getAttribute("aria-disabled") === "true") return;
    const message = this._messageAround(control);
    if (message === null) return;
    switch (control.dataset.action) {
      case "press":
        this._tell("press", {
          message,
          component: findComponent(message.components, control.dataset.customId),
        });
        break;
      case "choose":
        this._tell("choose", {
          message,
          component: findComponent(message.components, control.dataset.customId),
          anchor: control,
        });
        break;
      case "react":
        this._tell("react", {
          message,
          emoji: control.dataset.emoji,
          on: control.getAttribute("aria-pressed") !== "true",
        });
        break;
      case "reactions":
      case "apps":
        this._tell("menu", { message, anchor: control, point: null, only: control.dataset.action });
        break;
      case "reveal":
        this._tell("reveal", { key: control.dataset.reveal });
        break;
      case "dismiss":
        this._tell("dismiss", { message });
        break;
      case "jump":
        this._tell("visit", { channelId: message.channel_id, messageId: control.dataset.target });
        break;
      case "channel":
        this._tell("visit", { channelId: control.dataset.channel, messageId: null });
        break;
      case "command":
        this._tell("command", { name: control.dataset.command });
        break;
    }
  }

  _key(event) {
    if (event.altKey) return;
    const item = event.target.closest("li.message");
    if (event.target.matches('[role="button"]') && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      event.target.click();
    } else if (event.target === item) {
      if (event.key === "ContextMenu" || (event.shiftKey && event.key === "F10")) {
        event.preventDefault();
        this._openMenu(item, null);
        return;
      }
      const to = {
        ArrowUp: item.previousElementSibling,
        ArrowDown: item.nextElementSibling,
        Home: this._list.firstElementChild,
        End: this._list.lastElementChild,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      to?.focus();
    }
  }

  _contextMenu(event) {
    // A link's, picture's or selected text's own menu is worth more than ours.
    if (event.target.closest("a, video, img, input") || String(getSelection()) !== "") return;
    const item = event.target.closest("li.message");
    if (item === null) return;
    event.preventDefault();
    // Some systems send this after the menu key itself, which has opened the menu already.
    if (!document.querySelector(":popover-open"))
      this._openMenu(item, event.button === 2 ? { x: event.clientX, y: event.clientY } : null);
  }

  _openMenu(item, point) {
    const message = this._messageAround(item);
    if (!message.local) this._tell("menu", { message, anchor: item, point, only: null });
  }

  /** A signed address ends one day: the message read again brings a fresh one. Once for each medium. */
  _refreshMedium(target) {
    if (!target.matches?.("[data-medium]") || this._refreshed.has(target.dataset.key)) return;
    this._refreshed.add(target.dataset.key);
    const message = this._messageAround(target);
    if (message !== null) this._tell("stale", { message });
  }

  _messageAround(element) {
    const id = element.closest("li.message")?.dataset.message;
    return id === undefined ? null : this._find(id);
  }

  _tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
