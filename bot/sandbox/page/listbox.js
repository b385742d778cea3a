/** A list of options with one highlighted, moved by arrows; the focus itself stays wherever typing happens. */

import { el, icon } from "./elements.js";

/** Items are {name, note, mark, value, icon}; `multiple` shows which values are chosen. */
export class Listbox {
  constructor({ id, label, multiple = false, onPick }) {
    this._id = id;
    this._onPick = onPick;
    this._active = -1;
    this.items = [];
    this.element = el("ul", {
      id,
      role: "listbox",
      class: "listbox",
      "aria-label": label,
      "aria-multiselectable": multiple ? "true" : null,
    });
    // The press must not take the focus out of the field that the list serves.
    this.element.addEventListener("pointerdown", (event) => event.preventDefault());
    this.element.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option !== null) this._onPick(this.items[Number(option.dataset.index)]);
    });
  }

  get activeItem() {
    return this.items[this._active] ?? null;
  }

  /** The id of the highlighted option, for aria-activedescendant. */
  get activeId() {
    return this._active < 0 ? null : `${this._id}-${this._active}`;
  }

  show(items, { active = -1, isChosen = () => false } = {}) {
    this.items = items;
    let section = null;
    const children = [];
    items.forEach((item, index) => {
      if (item.section && item.section !== section)
        children.push(el("li", { role: "presentation", class: "listbox-section" }, item.section));
      section = item.section;
      const chosen = isChosen(item);
      const attributes = {
        role: "option",
        id: `${this._id}-${index}`,
        "data-index": index,
        "aria-selected": "false",
        "aria-checked": chosen ? "true" : null,
      };
      children.push(
        el(
          "li",
          attributes,
          item.lead,
          el("span", { class: "option-name" }, item.name),
          item.note && el("span", { class: "option-note" }, item.note),
          chosen && icon("check"),
        ),
      );
    });
    this.element.replaceChildren(...children);
    this._highlight(active);
  }

  move(delta) {
    const count = this.items.length;
    if (count === 0) return;
    const from = this._active < 0 && delta < 0 ? 0 : this._active;
    this._highlight((from + delta + count) % count);
  }

  _highlight(index) {
    this._active = Math.min(index, this.items.length - 1);
    for (const option of this.element.querySelectorAll("[role=option]")) {
      const active = Number(option.dataset.index) === this._active;
      option.setAttribute("aria-selected", String(active));
      if (active) option.scrollIntoView({ block: "nearest" });
    }
  }
}
