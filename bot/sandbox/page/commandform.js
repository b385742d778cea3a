/** A command being filled in, in the composer's own line: fields, chips for what is optional, suggestions. */

import { el } from "./elements.js";
import { OPTION, fieldFor } from "./fields.js";

const DEBOUNCE_MS = 180;

export class CommandForm {
  constructor({ entry, session, channelId, suggestions, onSend, onLeave }) {
    this.entry = entry;
    this._session = session;
    this._channelId = channelId;
    this._suggestions = suggestions;
    this._onSend = onSend;
    this._onLeave = onLeave;
    this._fields = [];
    this._asked = 0;
    this._timer = null;
    this._fieldPlace = el("span", { class: "fields" });
    this._chipPlace = el("span", { class: "chips", role: "group", "aria-label": "Optional options" });
    const title = el("span", { class: "command-chip" }, `/${entry.label}`);
    this.element = el(
      "div",
      { class: "command-form", role: "group", tabindex: "-1", "aria-label": `Command ${entry.label}` },
      title,
      this._fieldPlace,
      this._chipPlace,
    );
    this.element.addEventListener("keydown", (event) => this._key(event));
    this.element.addEventListener("focusin", (event) => this._focused(event.target));
    this.element.addEventListener(
      "focusout",
      ({ relatedTarget }) => this.element.contains(relatedTarget) || suggestions.close(),
    );
    this.element.addEventListener("input", (event) => this._typed(event.target));
    // The label of a field, and the room around the fields, lead to a field.
    this.element.addEventListener("click", (event) => event.target === this.element && this.focus());
    for (const option of entry.options.filter((option) => option.required)) this._add(option);
    this._showChips();
  }

  focus() {
    const first = this._fields.find((field) => field.isEmpty) ?? this._fields[0];
    if (first !== undefined) first.input.focus();
    else this.element.focus();
  }

  /** Puts a file into the first attachment option that has room; false when the command takes none. */
  takeFile(file) {
    const shown = this._fields.filter((field) => field.option.type === OPTION.ATTACHMENT);
    const free = this._unused().find((option) => option.type === OPTION.ATTACHMENT);
    const field = shown.find((candidate) => candidate.isEmpty) ?? (free ? this._add(free) : shown.at(-1));
    if (field === undefined) return false;
    field.take(file);
    this._showChips();
    return true;
  }

  send() {
    const bad = this._fields.find((field) => field.problem !== "");
    if (bad !== undefined) {
      bad.element.classList.add("invalid");
      bad.input.setAttribute("aria-invalid", "true");
      bad.input.focus();
      this._show(bad, { problem: bad.problem });
      return;
    }
    const files = [];
    const options = this._fields
      .filter((field) => !field.isEmpty)
      .map(({ option, file, value }) => {
        // An attachment's value is the index of its upload.
        const sent = option.type === OPTION.ATTACHMENT ? String(files.push(file) - 1) : value;
        return { type: option.type, name: option.name, value: sent };
      });
    this._onSend({ options, files });
  }

  close() {
    clearTimeout(this._timer);
    this._asked += 1;
    this._suggestions.close();
  }

  _unused() {
    return this.entry.options.filter((option) => !this._fields.some((field) => field.option === option));
  }

  _add(option) {
    const field = fieldFor(option, {
      store: this._session.store,
      limitBytes: this._session.guild.upload_limit ?? Infinity,
      onChange: (changed) => this._changed(changed),
    });
    this._fields.push(field);
    this._fieldPlace.append(field.element);
    return field;
  }

  _remove(field) {
    const at = this._fields.indexOf(field);
    this._fields.splice(at, 1);
    field.element.remove();
    this._showChips();
    const neighbour = this._fields[at - 1] ?? this._fields[0];
    if (neighbour !== undefined) neighbour.input.focus();
    else this.focus();
  }

  _showChips() {
    const chips = this._unused().map((option) =>
      el(
        "button",
        {
          type: "button",
          class: "chip",
          title: option.description,
          "data-option": option.name,
          "aria-label": `Add option ${option.label}: ${option.description}`,
          onclick: () => {
            const field = this._add(option);
            this._showChips();
            field.input.focus();
          },
        },
        `+ ${option.label}`,
      ),
    );
    this._chipPlace.replaceChildren(...chips);
  }

  _fieldOf(element) {
    return this._fields.find((field) => field.element.contains(element)) ?? null;
  }

  _focused(target) {
    const field = this._fieldOf(target);
    if (field !== null) this._suggest(field, { wait: 0 });
    else this._describe(target);
  }

  /** For the form itself, and for the chip of an option that is not in use yet. */
  _describe(target) {
    const option = this.entry.options.find(({ name }) => name === target.dataset.option);
    if (option !== undefined) {
      const note = `${option.description} · Enter adds it`;
      this._suggestions.open({ input: target, title: option.label, note });
      return;
    }
    const keys = this._unused().length > 0 ? "Enter sends, Tab goes to the options" : "Enter sends";
    const note = `${this.entry.description} · ${keys}`;
    this._suggestions.open({ input: target, title: `/${this.entry.label}`, note });
  }

  _typed(target) {
    const field = this._fieldOf(target);
    if (field === null) return;
    this._changed(field);
  }

  _changed(field) {
    field.element.classList.remove("invalid");
    field.input.removeAttribute("aria-invalid");
    if (field.element.contains(document.activeElement)) this._suggest(field, { wait: DEBOUNCE_MS });
  }

  _suggest(field, { wait }) {
    clearTimeout(this._timer);
    this._asked += 1;
    if (!field.option.autocomplete) {
      this._show(field, { items: field.isSettled ? [] : field.choices && field.matching() });
    } else if (!field.isSettled) {
      this._show(field, { note: "Loading options…" });
      this._timer = setTimeout(() => this._ask(field, this._asked), wait);
    } else this._show(field, {});
  }

  async _ask(field, asked) {
    const options = this._fields
      .filter(
        (other) =>
          other === field ||
          (!other.isEmpty && other.problem === "" && other.option.type !== OPTION.ATTACHMENT),
      )
      .map((other) => ({
        type: other.option.type,
        name: other.option.name,
        value: other === field ? field.typed : other.value,
        ...(other === field ? { focused: true } : {}),
      }));
    const choices = await this._session.interactions.autocomplete(this.entry, {
      channelId: this._channelId,
      options,
    });
    // A later keystroke asked anew, and its answer is the one that counts.
    if (asked !== this._asked) return;
    if (choices === null) this._show(field, { problem: "The application did not give its options in time." });
    else if (choices.length === 0) this._show(field, { note: "No options match." });
    else this._show(field, { items: choices });
  }

  _show(field, { items = [], note = "", problem = "" }) {
    const { option } = field;
    const notes = [option.description, field.bounds, note].filter((part) => part);
    this._suggestions.open({
      input: field.input,
      title: option.label,
      note: notes.join(" · "),
      problem,
      items: items ?? [],
      engaged: !field.isEmpty,
      onPick: (item) => this._pick(field, item),
    });
  }

  _pick(field, item) {
    field.pick(item);
    this._changed(field);
    const next = this._fields.find((other) => other.isEmpty && other.option.required);
    if (next !== undefined) next.input.focus();
    else this._show(field, {});
  }

  _key(event) {
    // Alt's keys are the page's; while an input method composes, its keys are its own.
    if (event.altKey || event.isComposing) return;
    const field = this._fieldOf(event.target);
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this._onLeave();
    } else if (field !== null && this._suggestions.key(event)) {
      return;
    } else if (event.key === "Enter" && event.target.matches("button")) {
      // Enter on "Choose a file" opens the picker while there is none; else, and beside it, it sends.
      if (field === null || field.isEmpty) return;
      event.preventDefault();
      this.send();
    } else if (event.key === "Enter" && !(event.shiftKey && field?.option.type === OPTION.STRING)) {
      event.preventDefault();
      this.send();
    } else if (event.key === "Backspace" || event.key === "Delete") this._erase(event, field);
  }

  _erase(event, field) {
    if (field === null || !(field.isEmpty || field.option.type === OPTION.ATTACHMENT)) return;
    event.preventDefault();
    if (!field.isEmpty) field.clear();
    else if (!field.option.required) this._remove(field);
    else if (event.key === "Backspace" && field === this._fields[0]) this._onLeave();
  }
}
