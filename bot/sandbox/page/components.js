/** Components, old rows and v2 layouts, as elements; what can be pressed carries where it stands in the message. */

import { el, icon } from "./elements.js";
import { fileCard, medium, stableKey, veiled } from "./files.js";
import { markdown } from "./markdown.js";

export const TYPE = {
  ROW: 1,
  BUTTON: 2,
  STRING_SELECT: 3,
  TEXT_INPUT: 4,
  USER_SELECT: 5,
  ROLE_SELECT: 6,
  MENTIONABLE_SELECT: 7,
  CHANNEL_SELECT: 8,
  SECTION: 9,
  TEXT: 10,
  THUMBNAIL: 11,
  GALLERY: 12,
  FILE: 13,
  SEPARATOR: 14,
  CONTAINER: 17,
  LABEL: 18,
  FILE_UPLOAD: 19,
  RADIO_GROUP: 21,
  CHECKBOX_GROUP: 22,
  CHECKBOX: 23,
};
export const SELECTS = new Set([
  TYPE.STRING_SELECT,
  TYPE.USER_SELECT,
  TYPE.ROLE_SELECT,
  TYPE.MENTIONABLE_SELECT,
  TYPE.CHANNEL_SELECT,
]);
const LINK_STYLE = 5;
const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "premium" };

/** Renders a list of components; keys are by kind and place among its kind, so an edit finds its nodes again. */
export function components(list, view) {
  const seen = new Map();
  return list.map((component) => {
    const nth = seen.get(component.type) ?? 0;
    seen.set(component.type, nth + 1);
    const node = one(component, view);
    if (!node.hasAttribute("data-key")) node.setAttribute("data-key", `c${component.type}.${nth}`);
    return node;
  });
}

function one(component, view) {
  if (SELECTS.has(component.type)) return select(component, view);
  switch (component.type) {
    case TYPE.ROW:
      return el("div", { class: "row" }, components(component.components, view));
    case TYPE.BUTTON:
      return button(component, view);
    case TYPE.SECTION:
      return el(
        "div",
        { class: "section" },
        el("div", { class: "section-text", "data-key": "texts" }, components(component.components, view)),
        components([component.accessory], view),
      );
    case TYPE.TEXT:
      return el("div", { class: "text" }, markdown(component.content, view));
    case TYPE.THUMBNAIL:
      return veiled(
        el("div", { class: "thumbnail" }, medium(resolved(component), view)),
        component.spoiler,
        view,
      );
    case TYPE.GALLERY:
      return gallery(component, view);
    case TYPE.FILE: {
      const file = { url: component.file.url, filename: component.name, size: component.size };
      return veiled(fileCard(file, view), component.spoiler, view);
    }
    case TYPE.SEPARATOR:
      return el("hr", {
        class: component.spacing === 2 ? "wide" : null,
        "data-invisible": component.divider === false,
      });
    case TYPE.CONTAINER:
      return container(component, view);
    default:
      return el(
        "p",
        { class: "subtext" },
        `A component of kind ${component.type}, which this page does not know.`,
      );
  }
}

function button(component, view) {
  const style = STYLES[component.style] ?? "secondary";
  const content = [emojiText(component.emoji), component.label && el("span", {}, component.label)];
  const name = component.label || component.emoji?.name;
  if (component.style === LINK_STYLE) {
    const href = component.disabled ? null : view.address(component.url);
    return el(
      "a",
      {
        class: "button link",
        href,
        target: "_blank",
        rel: "noopener noreferrer",
        "aria-disabled": href ? null : "true",
      },
      content,
      icon("link"),
    );
  }
  const busy = view.isBusy(component.custom_id);
  const attributes = {
    type: "button",
    class: `button ${style}`,
    "data-key": `custom:${component.custom_id ?? component.sku_id}`,
    "data-action": "press",
    "data-custom-id": component.custom_id,
    "aria-label": component.label ? null : name,
    // Not `disabled`: the focus would fall off the button while its press is on the way.
    "aria-disabled": component.disabled || busy ? "true" : null,
    "aria-busy": busy ? "true" : null,
  };
  return el("button", attributes, content);
}

function select(component, view) {
  const busy = view.isBusy(component.custom_id);
  const chosen = (component.options ?? []).filter((option) => option.default);
  const text =
    chosen.length > 0
      ? chosen.map((option) => option.label).join(", ")
      : component.placeholder || "Make a selection";
  const attributes = {
    type: "button",
    class: chosen.length > 0 ? "select" : "select empty",
    "data-key": `custom:${component.custom_id}`,
    "data-action": "choose",
    "data-custom-id": component.custom_id,
    "aria-haspopup": "listbox",
    "aria-disabled": component.disabled || busy ? "true" : null,
    "aria-busy": busy ? "true" : null,
  };
  return el("button", attributes, el("span", {}, text), icon("down"));
}

function gallery(component, view) {
  const { items } = component;
  const cells = items.map((item) => {
    const cell = el(
      "div",
      { class: "medium", "data-key": stableKey(item.media.url) },
      medium(resolved(item), view),
    );
    return veiled(cell, item.spoiler, view);
  });
  return el("div", { class: `gallery of-${Math.min(items.length, 4)}` }, cells);
}

function resolved({ media, description }) {
  return { ...media, description };
}

function container(component, view) {
  const inner = el(
    "div",
    { class: "container-inner", "data-key": "inner" },
    components(component.components, view),
  );
  const box = el("div", { class: "container" }, veiled(inner, component.spoiler, view));
  const colour = component.accent_color;
  if (colour !== null && colour !== undefined) {
    box.style.setProperty("--accent", `#${colour.toString(16).padStart(6, "0")}`);
    box.classList.add("accented");
  }
  return box;
}

export function emojiText(emoji) {
  if (!emoji) return null;
  const text = emoji.id ? `:${emoji.name}:` : emoji.name;
  return el("span", { class: "emoji", "aria-hidden": "true" }, text);
}

/** Finds the component with this custom_id anywhere in a message. */
export function findComponent(list, customId) {
  for (const component of list ?? []) {
    if (component.custom_id === customId) return component;
    const inner = [...(component.components ?? []), component.accessory, component.component].filter(Boolean);
    const found = findComponent(inner, customId);
    if (found !== null) return found;
  }
  return null;
}
