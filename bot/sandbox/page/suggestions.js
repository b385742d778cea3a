/** The panel above the composer: what is being asked for, and a list to pick from while typing. */

import { el } from "./elements.js";
import { Listbox } from "./listbox.js";

export class Suggestions {
  constructor(panel) {
    this._panel = panel;
    this._input = null;
    this._onPick = null;
    this._title = el("strong");
    this._note = el("span", { class: "note" });
    this._problem = el("p", { class: "problem", role: "alert" });
    this._listbox = new Listbox({
      id: "suggestions-list",
      label: "Suggestions",
      onPick: (item) => this._onPick(item),
    });
    panel.append(el("header", {}, this._title, this._note), this._problem, this._listbox.element);
  }

  /**
   * Shows the panel for one input. `engaged` highlights the first item, so that Enter and Tab take
   * it; else nothing is highlighted until an arrow is pressed.
   */
  open({ input, title, note = "", problem = "", items = [], engaged = false, onPick = () => {} }) {
    if (this._input !== null && this._input !== input) this._release();
    this._input = input;
    this._onPick = onPick;
    this._title.textContent = title;
    this._note.textContent = note;
    this._problem.textContent = problem;
    this._listbox.show(items, { active: engaged && items.length > 0 ? 0 : -1 });
    this._listbox.element.hidden = items.length === 0;
    this._panel.hidden = false;
    input.setAttribute("aria-controls", "suggestions-list");
    this._describe();
  }

  close() {
    if (this._input !== null) this._release();
    this._input = null;
    this._panel.hidden = true;
  }

  get isListing() {
    return !this._panel.hidden && this._listbox.items.length > 0;
  }

  /** Takes an arrow, Enter or Tab where the list has a use for it; says whether it did. */
  key(event) {
    if (!this.isListing) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      this._listbox.move(event.key === "ArrowDown" ? 1 : -1);
      this._describe();
    } else if (event.key !== "Enter" && (event.key !== "Tab" || event.shiftKey)) return false;
    else if (!this.take()) return false;
    event.preventDefault();
    return true;
  }

  /** Picks what is highlighted; false when nothing is. */
  take() {
    const item = this.isListing ? this._listbox.activeItem : null;
    if (item !== null) this._onPick(item);
    return item !== null;
  }

  _describe() {
    const id = this._listbox.activeId;
    if (id === null) this._input.removeAttribute("aria-activedescendant");
    else this._input.setAttribute("aria-activedescendant", id);
  }

  _release() {
    this._input.removeAttribute("aria-controls");
    this._input.removeAttribute("aria-activedescendant");
  }
}
