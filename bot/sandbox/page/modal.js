/** A bot's form as a dialog: fields, what is wrong with them, and the way back to the bot. */

import { TYPE } from "./components.js";
import { el, icon } from "./elements.js";
import { markdown } from "./markdown.js";
import { modalField } from "./modalfields.js";

export class Modal {
  constructor(dialog) {
    this._dialog = dialog;
    this._fields = [];
    dialog.addEventListener("close", () => dialog.replaceChildren());
  }

  /** Shows the form; `submit(components, files)` resolves to {ok, reason}. */
  open(modal, { session, view, submit }) {
    this._fields = [];
    this._submit = submit;
    const context = { store: session.store, limitBytes: session.guild.upload_limit ?? Infinity, view };
    const parts = modal.components.map((component, index) => this._part(component, index, context));
    this._fault = el("p", { class: "failure", role: "alert" });
    this._send = el("button", { type: "submit", class: "button primary" }, "Submit");
    const title = el("h2", { id: "modal-title" }, modal.title);
    const close = el(
      "button",
      { type: "button", class: "icon-button", "aria-label": "Close", onclick: () => this.close() },
      icon("close"),
    );
    const cancel = el(
      "button",
      { type: "button", class: "button secondary", onclick: () => this.close() },
      "Cancel",
    );
    const form = el(
      "form",
      { novalidate: true, onsubmit: (event) => this._submitted(event) },
      el("header", {}, title, close),
      el(
        "div",
        { class: "modal-body" },
        el("p", { class: "subtext" }, `This form goes to ${modal.application?.name ?? "the bot"}.`),
        parts,
      ),
      el("footer", {}, this._fault, cancel, this._send),
    );
    this._dialog.replaceChildren(form);
    this._dialog.setAttribute("aria-labelledby", "modal-title");
    if (!this._dialog.open) this._dialog.showModal();
    this._fields.find(({ field }) => field !== undefined)?.field.focus();
  }

  close() {
    this._dialog.close();
  }

  get isOpen() {
    return this._dialog.open;
  }

  /** Dropped or pasted files: for the upload field that has the focus, else for the first. */
  takeFiles(files) {
    const uploads = this._fields.filter(({ field }) => field?.take !== undefined);
    const here = uploads.find(({ box }) => box.contains(document.activeElement)) ?? uploads[0];
    here?.field.take(files);
  }

  _part(component, index, context) {
    switch (component.type) {
      case TYPE.TEXT:
        this._fields.push({ wrap: () => ({ type: TYPE.TEXT, id: component.id }) });
        return el("div", { class: "text" }, markdown(component.content, context.view));
      case TYPE.LABEL:
        return this._labelled(component.component, component, index, context, (wire) => ({
          type: TYPE.LABEL,
          id: component.id,
          component: wire,
        }));
      case TYPE.ROW: {
        const [input] = component.components;
        return this._labelled(input, input, index, context, (wire) => ({
          type: TYPE.ROW,
          id: component.id,
          components: [wire],
        }));
      }
      default:
        return el(
          "p",
          { class: "subtext" },
          `A field of kind ${component.type}, which this page does not know.`,
        );
    }
  }

  _labelled(component, { label, description }, index, context, wrap) {
    const ids = { label: `field-${index}-label`, description: `field-${index}-note` };
    const field = modalField(component, { ids, ...context });
    if (field === null)
      return el(
        "p",
        { class: "subtext" },
        `A field of kind ${component.type}, which this page does not know.`,
      );
    const problem = el("p", { class: "problem", role: "alert" });
    const isRequired = component.required !== false && component.type !== TYPE.CHECKBOX;
    const name = el(
      "span",
      { id: ids.label, class: "label-text" },
      label,
      isRequired && el("span", { class: "required", "aria-hidden": "true" }, " *"),
    );
    const note = el("p", { id: ids.description, class: "label-note" }, description ?? "");
    const box = el(
      "div",
      { class: component.type === TYPE.CHECKBOX ? "form-field inline" : "form-field" },
      el("div", { onclick: () => field.focus() }, name, note),
      field.element,
      problem,
    );
    box.addEventListener("input", () => {
      problem.textContent = "";
      box.classList.remove("invalid");
    });
    this._fields.push({ field, box, problem, wrap });
    return box;
  }

  async _submitted(event) {
    event.preventDefault();
    const bad = this._fields.filter(({ field }) => field !== undefined && field.problem !== "");
    for (const { field, box, problem } of bad) {
      problem.textContent = field.problem;
      box.classList.add("invalid");
    }
    if (bad.length > 0) {
      bad[0].field.focus();
      return;
    }
    if (this._send.getAttribute("aria-busy") === "true") return;
    this._send.setAttribute("aria-busy", "true");
    this._fault.textContent = "";
    const files = [];
    const upload = (file) => String(files.push(file) - 1);
    const components = this._fields.map(({ field, wrap }) => wrap(field?.wire(upload)));
    const form = this._dialog.firstElementChild;
    const outcome = await this._submit(components, files);
    // Another form may have opened in answer to this one.
    if (this._dialog.firstElementChild !== form) return;
    this._send.removeAttribute("aria-busy");
    if (outcome.ok) this.close();
    else this._fault.textContent = `This interaction failed. ${outcome.reason}`;
  }
}
