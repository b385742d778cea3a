/** Where one writes: a message, or a command that is picked from the list behind `/`. */

import { CommandForm } from "./commandform.js";
import { search, slashEntries } from "./commands.js";
import { el, icon } from "./elements.js";
import { sizeText } from "./files.js";

const FILES_MAX = 10;

/**
 * Events: `sent` (scroll to the end), `up` (to the messages). `loadCommands()` resolves to the
 * synced commands that the current member may use.
 */
export class Composer extends EventTarget {
  constructor({ form, input, entryPlace, drafts, picker, suggestions, notices, loadCommands }) {
    super();
    this._form = form;
    this._input = input;
    this._entryPlace = entryPlace;
    this._drafts = drafts;
    this._picker = picker;
    this._suggestions = suggestions;
    this._notices = notices;
    this._loadCommands = loadCommands;
    this._session = null;
    this._channel = null;
    this._command = null;
    this._files = [];
    this._listen();
  }

  show(session, channel) {
    if (this._command !== null) this.leave();
    this._session = session;
    this._channel = channel;
    this._input.placeholder = `Message #${channel.name}, or press / for commands`;
    this._input.setAttribute("aria-label", `Message #${channel.name}`);
    this._suggestions.close();
  }

  focus() {
    if (this._command === null) this._input.focus();
    else this._command.focus();
  }

  /** Opens the list of commands, as the key `/` does. */
  openCommands() {
    if (this._command !== null) return this._command.focus();
    this._input.focus();
    if (!this._input.value.startsWith("/")) this._input.value = "/";
    this._typed();
  }

  /** Starts the command of this full name, where it is synced. */
  async startNamed(name) {
    const entries = await this._entries();
    const entry = entries.find((candidate) => candidate.name === name);
    if (entry === undefined) this._notices.say(`/${name} cannot be used here.`);
    else this._start(entry);
  }

  /** Files from a drop, a paste or the picker go to the command's attachment options, or to the message. */
  takeFiles(files) {
    if (this._command === null) {
      this._files = [...this._files, ...files].slice(0, FILES_MAX);
      this._showFiles();
      this.focus();
    } else if (![...files].some((file) => this._command.takeFile(file))) {
      this._notices.say(`/${this._command.entry.name} takes no file.`);
    }
  }

  leave() {
    this._command.close();
    this._command = null;
    this._entryPlace.replaceChildren(this._input);
    this._form.classList.remove("commanding");
    this._input.value = "";
    this._resize();
    this._input.focus();
  }

  _listen() {
    this._input.addEventListener("input", () => this._typed());
    this._input.addEventListener("keydown", (event) => this._key(event));
    this._input.addEventListener("blur", () => this._command === null && this._suggestions.close());
    this._input.addEventListener("focus", () => this._typed());
    this._form.addEventListener("submit", (event) => {
      event.preventDefault();
      this._send();
    });
    this._picker.addEventListener("change", () => {
      this.takeFiles(this._picker.files);
      this._picker.value = "";
    });
  }

  async _entries() {
    return slashEntries(await this._loadCommands(), this._channel);
  }

  async _typed() {
    this._resize();
    const text = this._input.value;
    if (!text.startsWith("/") || text.includes("\n")) return this._suggestions.close();
    const entries = await this._entries();
    // The commands came late: what is typed by now counts, if one is still typing.
    if (this._input.value !== text || this._command !== null || document.activeElement !== this._input)
      return;
    const found = search(entries, text.slice(1));
    const note =
      entries.length === 0
        ? "The bot has synced no commands yet."
        : found.length === 0
          ? "No command has such a name."
          : "Enter or Tab picks, Escape leaves";
    const items = found.map((entry) => ({ name: `/${entry.label}`, note: entry.description, entry }));
    this._suggestions.open({
      input: this._input,
      title: "Commands",
      note,
      items,
      engaged: true,
      onPick: ({ entry }) => this._start(entry),
    });
  }

  _start(entry) {
    this._command?.close();
    this._command = new CommandForm({
      entry,
      session: this._session,
      channelId: this._channel.id,
      suggestions: this._suggestions,
      onSend: (filled) => this._sendCommand(entry, filled),
      onLeave: () => this.leave(),
    });
    this._form.classList.add("commanding");
    this._entryPlace.replaceChildren(this._command.element);
    this._suggestions.close();
    for (const file of this._files) this._command.takeFile(file);
    this._files = [];
    this._showFiles();
    this._command.focus();
  }

  _key(event) {
    // Alt's keys are the page's; while an input method composes, its keys are its own.
    if (event.altKey || event.isComposing || this._suggestions.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this._enter();
    } else if (event.key === "Escape" && this._suggestions.isListing) {
      event.preventDefault();
      event.stopPropagation();
      this._input.value = "";
      this._typed();
    } else if (event.key === "ArrowUp" && this._input.value === "") {
      event.preventDefault();
      this.dispatchEvent(new CustomEvent("up"));
    }
  }

  /** Enter on a line: who types `/name` faster than the list of commands comes still means the command. */
  async _enter() {
    if (this._input.value.startsWith("/")) await this._typed();
    if (!this._suggestions.take()) this._send();
  }

  _send() {
    if (this._command !== null) this._command.send();
    else this._sendMessage();
  }

  _sendCommand(entry, { options, files }) {
    this._session.interactions.command(entry, { channelId: this._channel.id, options, files });
    this.leave();
    this.dispatchEvent(new CustomEvent("sent"));
  }

  async _sendMessage() {
    const content = this._input.value.trim();
    const files = this._files;
    if (content === "" && files.length === 0) return;
    this._input.value = "";
    this._files = [];
    this._showFiles();
    this._resize();
    this.dispatchEvent(new CustomEvent("sent"));
    const said = await this._notices.attempt(() => this._session.say(this._channel.id, content, files));
    if (said || this._command !== null || this._input.value !== "" || this._files.length > 0) return;
    // What could not be sent is not lost.
    this._input.value = content;
    this._files = files;
    this._showFiles();
    this._resize();
  }

  _showFiles() {
    const chips = this._files.map((file) =>
      el(
        "li",
        { class: "draft" },
        icon("file"),
        el("span", {}, `${file.name} · ${sizeText(file.size)}`),
        el(
          "button",
          {
            type: "button",
            class: "icon-button",
            "aria-label": `Remove ${file.name}`,
            onclick: () => {
              this._files = this._files.filter((other) => other !== file);
              this._showFiles();
              this.focus();
            },
          },
          icon("close"),
        ),
      ),
    );
    this._drafts.replaceChildren(...chips);
    this._drafts.hidden = chips.length === 0;
  }

  _resize() {
    this._entryPlace.setAttribute("data-copy", `${this._input.value} `);
  }
}
