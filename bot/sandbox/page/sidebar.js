/** The side of the page: the channels that one sees, and who one is. */

import { avatar, displayName, el, icon } from "./elements.js";
import { reconcile } from "./reconcile.js";

/** Events: `channel` and `member`, each with the chosen {id}. */
export class Sidebar extends EventTarget {
  constructor({ channels, members }) {
    super();
    this._channels = channels;
    this._members = members;
    channels.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-channel]");
      if (link === null) return;
      event.preventDefault();
      this._tell("channel", link.dataset.channel);
    });
    members.addEventListener("change", (event) => this._tell("member", event.target.value));
  }

  showChannels(channels, { currentId, unread, addressOf }) {
    const items = channels.map((channel) => {
      const isCurrent = channel.id === currentId;
      const isUnread = unread.has(channel.id) && !isCurrent;
      const attributes = {
        href: addressOf(channel),
        "data-channel": channel.id,
        class: isUnread ? "channel unread" : "channel",
        "aria-current": isCurrent ? "page" : null,
      };
      const notes = [
        isUnread && el("span", { class: "visually-hidden" }, ", new messages"),
        channel.nsfw && el("span", { class: "tag" }, "18+"),
      ];
      return el(
        "li",
        { "data-key": channel.id },
        el("a", attributes, icon("hash"), el("span", {}, channel.name), notes),
      );
    });
    reconcile(
      this._channels,
      el("ul", { id: this._channels.id, "aria-label": this._channels.getAttribute("aria-label") }, items),
    );
  }

  showMembers(members, { currentId, unread }) {
    const items = members.map((member) => {
      const input = el("input", {
        type: "radio",
        name: "member",
        value: member.id,
        class: "visually-hidden",
      });
      input.checked = member.id === currentId;
      const isUnread = unread.has(member.id) && member.id !== currentId;
      const role = member.manager ? "manager" : "member";
      return el(
        "label",
        { class: "member", "data-member": member.username },
        input,
        avatar(member),
        el("span", { class: "member-name" }, displayName(member), el("small", {}, role)),
        isUnread && el("span", { class: "unread-dot", role: "img", "aria-label": "has new messages" }),
      );
    });
    const focused = this._members.contains(document.activeElement) ? document.activeElement.value : null;
    this._members.replaceChildren(...items);
    if (focused !== null) this._members.querySelector(`input[value="${focused}"]`)?.focus();
  }

  _tell(name, id) {
    this.dispatchEvent(new CustomEvent(name, { detail: { id } }));
  }
}
