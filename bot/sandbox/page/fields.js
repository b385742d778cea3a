/** The fields of a command's options: what may be typed, which values can be picked, what is wrong. */

import { displayName, el, icon } from "./elements.js";
import { sizeText } from "./files.js";

export const OPTION = {
  STRING: 3,
  INTEGER: 4,
  BOOLEAN: 5,
  USER: 6,
  CHANNEL: 7,
  ROLE: 8,
  MENTIONABLE: 9,
  NUMBER: 10,
  ATTACHMENT: 11,
};
const STRING_CHARS_MAX = 6000;
const OUTSIDE = {
  [OPTION.USER]: "member",
  [OPTION.CHANNEL]: "channel",
  [OPTION.ROLE]: "role",
  [OPTION.MENTIONABLE]: "member or role",
};

export function fieldFor(option, { store, limitBytes, onChange }) {
  if (option.type === OPTION.ATTACHMENT) return new FileField(option, { limitBytes, onChange });
  return new TextField(option, choicesOf(option, store));
}

/** What can be picked for an option; null where anything may be typed. */
function choicesOf(option, store) {
  const users = () =>
    [...store.users.values()].map((user) => ({
      name: displayName(user),
      note: user.username,
      value: user.id,
    }));
  const roles = () => [...store.roles.values()].map((role) => ({ name: role.name, value: role.id }));
  switch (option.type) {
    case OPTION.BOOLEAN:
      return [
        { name: "True", value: true },
        { name: "False", value: false },
      ];
    case OPTION.USER:
      return users();
    case OPTION.ROLE:
      return roles();
    case OPTION.MENTIONABLE:
      return [...users(), ...roles()];
    case OPTION.CHANNEL: {
      const wanted = option.channel_types ?? [];
      const channels = [...store.channels.values()].filter(
        (channel) => wanted.length === 0 || wanted.includes(channel.type),
      );
      return channels.map((channel) => ({ name: channel.name, value: channel.id }));
    }
    default:
      return option.choices?.length > 0 ? option.choices.map(({ name, value }) => ({ name, value })) : null;
  }
}

class TextField {
  constructor(option, choices) {
    this.option = option;
    this.choices = choices;
    this._picked = null;
    const lists = choices !== null || option.autocomplete;
    this.input = el("textarea", {
      rows: "1",
      "aria-label": option.required ? `${option.label}, required` : option.label,
      "aria-description": option.description,
      "aria-autocomplete": lists ? "list" : null,
      "aria-haspopup": lists ? "listbox" : null,
      autocomplete: "off",
      spellcheck: option.type === OPTION.STRING && choices === null ? "true" : "false",
    });
    // The copy behind the textarea makes it as large as its text.
    this._grow = el("span", { class: "grow" }, this.input);
    this.input.addEventListener("input", () => {
      this._picked = null;
      this._resize();
    });
    this.element = el(
      "label",
      { class: "field", "data-option": option.name },
      el("span", { class: "field-name" }, option.label),
      this._grow,
    );
  }

  get isEmpty() {
    return this.input.value === "";
  }

  /** Picked already, so that its list has nothing to ask. */
  get isSettled() {
    return this._picked !== null;
  }

  pick(item) {
    this._picked = item;
    this.input.value = item.name;
    this._resize();
  }

  /** The listed choices that go with what is typed. */
  matching() {
    const typed = this.isSettled ? "" : this.input.value.trim().toLowerCase();
    const matches = (this.choices ?? []).filter((choice) =>
      `${choice.name} ${choice.note ?? ""}`.toLowerCase().includes(typed),
    );
    return matches.slice(0, 25);
  }

  /** What is sent; only meaningful without a problem. */
  get value() {
    const choice = this._chosen();
    if (choice !== null) return choice.value;
    const isNumber = this.option.type === OPTION.INTEGER || this.option.type === OPTION.NUMBER;
    return isNumber ? Number(this.input.value) : this.input.value;
  }

  /** The text as typed, for autocomplete. */
  get typed() {
    return this._picked?.value ?? this.input.value;
  }

  /** What is wrong with the field, as a sentence; empty when nothing is. */
  get problem() {
    const { option } = this;
    const text = this.input.value;
    if (text === "") return option.required ? "This option is required." : "";
    if (this._chosen() !== null) return "";
    if (option.type in OUTSIDE) return `Pick a ${OUTSIDE[option.type]} from the list.`;
    if (this.choices !== null) return "Pick one of the choices.";
    if (option.type === OPTION.INTEGER && !/^-?\d{1,15}$/.test(text.trim()))
      return "This must be a whole number.";
    if (option.type === OPTION.NUMBER && !Number.isFinite(Number(text))) return "This must be a number.";
    if (option.type === OPTION.STRING) return lengthProblem(text, option);
    if (Number(text) < (option.min_value ?? -Infinity)) return `This must be at least ${option.min_value}.`;
    if (Number(text) > (option.max_value ?? Infinity)) return `This must be at most ${option.max_value}.`;
    return "";
  }

  /** The bounds in words, shown while the field has the focus. */
  get bounds() {
    const {
      min_value: min = null,
      max_value: max = null,
      min_length: shortest = null,
      max_length: longest = null,
    } = this.option;
    if (min !== null && max !== null) return `${min} to ${max}`;
    if (min !== null) return `at least ${min}`;
    if (max !== null) return `at most ${max}`;
    if (longest !== null) return `${this.input.value.length} of ${longest} characters`;
    return shortest > 1 ? `at least ${shortest} characters` : "";
  }

  _chosen() {
    if (this._picked !== null) return this._picked;
    const typed = this.input.value.trim().toLowerCase();
    return (this.choices ?? []).find((choice) => choice.name.toLowerCase() === typed) ?? null;
  }

  _resize() {
    this._grow.setAttribute("data-copy", `${this.input.value} `);
  }
}

export function lengthProblem(text, option) {
  const min = option.min_length ?? 0;
  const max = option.max_length ?? STRING_CHARS_MAX;
  if (text.length < min) return `At least ${min} characters; these are ${text.length}.`;
  if (text.length > max) return `At most ${max} characters; these are ${text.length}.`;
  return "";
}

class FileField {
  constructor(option, { limitBytes, onChange }) {
    this.option = option;
    this.choices = null;
    this.file = null;
    this.bounds = "choose, drop or paste a file";
    this._limitBytes = limitBytes;
    this._onChange = onChange;
    this._picker = el("input", { type: "file", hidden: true, tabindex: "-1" });
    this._picker.addEventListener(
      "change",
      () => this._picker.files.length > 0 && this.take(this._picker.files[0]),
    );
    this.input = el("button", { type: "button", class: "file-choice", onclick: () => this._picker.click() });
    this.element = el(
      "div",
      { class: "field", "data-option": option.name },
      el("span", { class: "field-name" }, option.label),
      this.input,
      this._picker,
    );
    this._show();
  }

  get isEmpty() {
    return this.file === null;
  }

  take(file) {
    this.file = file;
    this._show();
    this._onChange(this);
  }

  clear() {
    this.file = null;
    this._picker.value = "";
    this._show();
  }

  get problem() {
    if (this.file === null) return this.option.required ? "This option needs a file." : "";
    if (this.file.size > this._limitBytes)
      return `The file is ${sizeText(this.file.size)}; at most ${sizeText(this._limitBytes)} can be uploaded here.`;
    return "";
  }

  _show() {
    const text = this.file === null ? "Choose a file" : `${this.file.name} · ${sizeText(this.file.size)}`;
    this.input.replaceChildren(icon(this.file === null ? "plus" : "file"), text);
    this.input.setAttribute(
      "aria-label",
      `${this.option.label}${this.option.required ? ", required" : ""}: ${text}`,
    );
  }
}
