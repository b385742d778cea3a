/** The fields of a form: each shows itself, says what is wrong, and gives what Discord would send. */

import { selectOptions, defaultValues, openChooser } from "./chooser.js";
import { SELECTS, TYPE } from "./components.js";
import { el, icon } from "./elements.js";
import { lengthProblem } from "./fields.js";
import { sizeText } from "./files.js";

const PARAGRAPH = 2;
const INPUT_CHARS_MAX = 4000;
const MISSING = "This field is required.";

/**
 * Makes the field for one component inside a form. It has `element`, `focus()`, `problem` (a
 * sentence, or empty) and `wire(upload)`, where `upload(file)` enlists a file and returns its id.
 * `ids` are the element ids of its label and of its description.
 */
export function modalField(component, { ids, store, limitBytes }) {
  const required = component.required !== false;
  const describe = {
    "aria-labelledby": ids.label,
    "aria-describedby": ids.description,
    "aria-required": required ? "true" : null,
  };
  if (SELECTS.has(component.type)) return selectField(component, required, describe, store);
  switch (component.type) {
    case TYPE.TEXT_INPUT:
      return textField(component, required, describe);
    case TYPE.FILE_UPLOAD:
      return uploadField(component, required, describe, limitBytes);
    case TYPE.RADIO_GROUP:
      return radioField(component, required, describe);
    case TYPE.CHECKBOX_GROUP:
      return checkboxesField(component, required, describe);
    case TYPE.CHECKBOX:
      return checkboxField(component, describe);
    default:
      return null;
  }
}

function textField(component, required, describe) {
  const paragraph = component.style === PARAGRAPH;
  const attributes = {
    ...describe,
    placeholder: component.placeholder,
    autocomplete: "off",
    "data-custom-id": component.custom_id,
  };
  const input = paragraph
    ? el("textarea", { ...attributes, rows: "5" })
    : el("input", { ...attributes, type: "text" });
  input.value = component.value ?? "";
  const max = component.max_length ?? INPUT_CHARS_MAX;
  const count = el("small", { class: "count", "aria-hidden": "true" });
  const recount = () => {
    count.textContent = `${input.value.length} / ${max}`;
    count.hidden = input.value.length < max * 0.7 && !component.max_length;
  };
  input.addEventListener("input", recount);
  recount();
  return {
    element: el("div", { class: "input" }, input, count),
    focus: () => input.focus(),
    get problem() {
      if (input.value === "") return required ? MISSING : "";
      return lengthProblem(input.value, { min_length: component.min_length, max_length: max });
    },
    wire: () => ({ ...identity(component), value: input.value }),
  };
}

function selectField(component, required, describe, store) {
  let values = defaultValues(component);
  const min = required ? (component.min_values ?? 1) : 0;
  const text = el("span");
  const button = el(
    "button",
    {
      ...describe,
      type: "button",
      class: "select",
      "aria-haspopup": "listbox",
      "data-custom-id": component.custom_id,
      onclick: open,
    },
    text,
    icon("down"),
  );
  const show = () => {
    const chosen = selectOptions(component, store).filter((option) => values.includes(option.value));
    text.textContent =
      chosen.map((option) => option.name).join(", ") || component.placeholder || "Make a selection";
    button.classList.toggle("empty", chosen.length === 0);
    // aria-labelledby hides the button's own text, so the choice is said as a description.
    button.setAttribute("aria-description", text.textContent);
  };
  show();
  function open() {
    const onDone = (chosen) => {
      values = chosen;
      show();
      button.dispatchEvent(new Event("input", { bubbles: true }));
    };
    openChooser({
      anchor: button,
      component: { ...component, min_values: min },
      store,
      chosen: values,
      onDone,
    });
  }
  return {
    element: button,
    focus: () => button.focus(),
    get problem() {
      if (values.length === 0) return required && min > 0 ? MISSING : "";
      return values.length < min ? `Choose at least ${min}.` : "";
    },
    wire: () => ({ ...identity(component), values }),
  };
}

function uploadField(component, required, describe, limitBytes) {
  const max = component.max_values ?? 1;
  const min = component.min_values ?? 1;
  let files = [];
  const picker = el("input", {
    type: "file",
    hidden: true,
    tabindex: "-1",
    multiple: max > 1,
    onchange: () => add(picker.files),
  });
  const button = el("button", {
    ...describe,
    type: "button",
    class: "upload",
    "data-custom-id": component.custom_id,
    onclick: () => picker.click(),
  });
  const list = el("ul", { class: "drafts" });
  const element = el("div", { class: "input", ondrop: drop }, button, picker, list);
  show();

  function drop(event) {
    // This field, and not the one that the page would choose.
    event.preventDefault();
    event.stopPropagation();
    add(event.dataTransfer.files);
  }

  function add(added) {
    files = [...files, ...added].slice(-max);
    picker.value = "";
    show();
    button.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function remove(file) {
    files = files.filter((other) => other !== file);
    show();
    button.focus();
  }

  function show() {
    const wanted = max === 1 ? "Choose, drop or paste a file" : `Choose, drop or paste up to ${max} files`;
    button.replaceChildren(icon("plus"), wanted);
    button.setAttribute("aria-description", files.map((file) => file.name).join(", ") || wanted);
    const chips = files.map((file) =>
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
            onclick: () => remove(file),
          },
          icon("close"),
        ),
      ),
    );
    list.replaceChildren(...chips);
    list.hidden = files.length === 0;
  }

  return {
    element,
    take: add,
    focus: () => button.focus(),
    get problem() {
      const large = files.find((file) => file.size > limitBytes);
      if (large !== undefined)
        return `${large.name} is ${sizeText(large.size)}; at most ${sizeText(limitBytes)} can be uploaded here.`;
      if (files.length === 0) return required && min > 0 ? MISSING : "";
      return files.length < min ? `At least ${min} files.` : "";
    },
    wire: (upload) => ({ ...identity(component), values: files.map(upload) }),
  };
}

function radioField(component, required, describe) {
  const inputs = choiceInputs(component, "radio", (option) => Boolean(option.default));
  const chosen = () => inputs.find(({ input }) => input.checked)?.value ?? null;
  return {
    element: el(
      "div",
      { ...describe, role: "radiogroup", class: "choices" },
      inputs.map(({ row }) => row),
    ),
    focus: () => (inputs.find(({ input }) => input.checked) ?? inputs[0]).input.focus(),
    get problem() {
      return required && chosen() === null ? MISSING : "";
    },
    wire: () => ({ ...identity(component), value: chosen() }),
  };
}

function checkboxesField(component, required, describe) {
  const inputs = choiceInputs(component, "checkbox", (option) => Boolean(option.default));
  const min = required ? (component.min_values ?? 1) : 0;
  const max = component.max_values ?? inputs.length;
  const chosen = () => inputs.filter(({ input }) => input.checked).map(({ value }) => value);
  return {
    element: el(
      "div",
      { ...describe, "aria-required": null, role: "group", class: "choices" },
      inputs.map(({ row }) => row),
    ),
    focus: () => inputs[0].input.focus(),
    get problem() {
      const count = chosen().length;
      if (count < min) return min === 1 ? MISSING : `Choose at least ${min}.`;
      return count > max ? `Choose at most ${max}.` : "";
    },
    wire: () => ({ ...identity(component), values: chosen() }),
  };
}

function checkboxField(component, describe) {
  const input = el("input", {
    ...describe,
    "aria-required": null,
    type: "checkbox",
    "data-custom-id": component.custom_id,
  });
  input.checked = Boolean(component.default);
  return {
    element: input,
    focus: () => input.focus(),
    problem: "",
    wire: () => ({ ...identity(component), value: input.checked }),
  };
}

function choiceInputs(component, type, isChecked) {
  return component.options.map((option) => {
    const input = el("input", { type, name: component.custom_id, value: option.value });
    input.checked = isChecked(option);
    const note = option.description && el("small", {}, option.description);
    return {
      input,
      value: option.value,
      row: el("label", { class: "choice" }, input, el("span", {}, option.label, note)),
    };
  });
}

function identity({ type, id, custom_id: customId }) {
  return { type, id, custom_id: customId };
}
