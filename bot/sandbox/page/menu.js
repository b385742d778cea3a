/** The menu of a message: reactions, the bot's message commands, copy and delete. */

import { el } from "./elements.js";
import { closePopup, openPopup } from "./popups.js";

export const REACTIONS = ["👍", "❤️", "🔥", "😂", "🎬", "⭐", "👎"];

/**
 * Opens a menu of groups [{label, row, items: [{name, label, onPick, danger}]}]; arrows move, Enter
 * takes, letters jump. `row` lays a group out in one line.
 */
export function openMenu({ label, groups, anchor, point = null, returnTo }) {
  const items = [];
  const sections = groups
    .filter((group) => group.items.length > 0 || group.empty)
    .map((group) =>
      el(
        "div",
        { role: "group", "aria-label": group.label, class: group.row ? "menu-row" : "menu-group" },
        !group.row && group.label && el("p", { class: "menu-label", "aria-hidden": "true" }, group.label),
        group.items.length === 0 && el("p", { class: "menu-empty" }, group.empty),
        group.items.map((item) => {
          const attributes = {
            type: "button",
            role: "menuitem",
            tabindex: "-1",
            class: item.danger ? "danger" : null,
            "aria-label": item.label ?? null,
          };
          const button = el("button", { ...attributes, onclick: () => take(item) }, item.name);
          items.push(button);
          return button;
        }),
      ),
    );
  const menu = el(
    "div",
    { role: "menu", class: "menu", "aria-label": label, tabindex: "-1", onkeydown: key },
    sections,
  );
  openPopup(menu, { anchor, point, returnTo });
  (items[0] ?? menu).focus();

  function take(item) {
    closePopup(menu);
    item.onPick();
  }

  function key(event) {
    const at = items.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    let next = null;
    if (step !== undefined) next = items[(at + step + items.length) % items.length];
    else if (event.key === "Home") next = items[0];
    else if (event.key === "End") next = items.at(-1);
    else if (event.key === "Tab") closePopup(menu);
    else if (/^\S$/.test(event.key)) {
      const after = [...items.slice(at + 1), ...items.slice(0, at + 1)];
      next = after.find((item) => item.textContent.toLowerCase().startsWith(event.key.toLowerCase())) ?? null;
    } else return;
    event.preventDefault();
    event.stopPropagation();
    next?.focus();
  }
}
