/** The list that a select menu opens: filter by typing, one or several values. */

import { TYPE, emojiText } from "./components.js";
import { displayName, el } from "./elements.js";
import { Listbox } from "./listbox.js";
import { closePopup, openPopup } from "./popups.js";

const FILTER_FROM = 8;

/** The options of any select: its own, or the members, roles and channels that the store knows. */
export function selectOptions(component, store) {
  const members = () =>
    [...store.users.values()].map((user) => ({
      name: displayName(user),
      note: user.username,
      value: user.id,
    }));
  const roles = () => [...store.roles.values()].map((role) => ({ name: `@${role.name}`, value: role.id }));
  switch (component.type) {
    case TYPE.USER_SELECT:
      return members();
    case TYPE.ROLE_SELECT:
      return roles();
    case TYPE.MENTIONABLE_SELECT:
      return [...members(), ...roles()];
    case TYPE.CHANNEL_SELECT: {
      const wanted = component.channel_types ?? [];
      const channels = [...store.channels.values()].filter(
        (channel) => wanted.length === 0 || wanted.includes(channel.type),
      );
      return channels.map((channel) => ({ name: `#${channel.name}`, value: channel.id }));
    }
    default:
      return (component.options ?? []).map((option) => ({
        name: option.label,
        note: option.description,
        value: option.value,
        lead: emojiText(option.emoji),
      }));
  }
}

/** What a select starts with: its default options or values. */
export function defaultValues(component) {
  const options = (component.options ?? []).filter((option) => option.default).map((option) => option.value);
  return [...options, ...(component.default_values ?? []).map((value) => value.id)];
}

/**
 * Opens the list at `anchor`. A select of one value is done with the pick; one of several when it
 * closes. `onDone(values)` is called once, and only for a choice within its minimum and maximum
 * that differs from `chosen`.
 */
export function openChooser({ anchor, component, store, chosen, onDone }) {
  const min = component.min_values ?? 1;
  const max = component.max_values ?? 1;
  const single = max === 1;
  const options = selectOptions(component, store);
  const values = new Set(chosen);
  let query = "";
  const listbox = new Listbox({
    id: "chooser-list",
    label: component.placeholder || "Options",
    multiple: !single,
    onPick: pick,
  });
  const filter = el("input", {
    type: "text",
    class: options.length > FILTER_FROM ? "chooser-filter" : "chooser-filter visually-hidden",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "chooser-list",
    "aria-label": `Filter ${component.placeholder || "options"}`,
    placeholder: "Search",
    autocomplete: "off",
    oninput: () => {
      query = filter.value.toLowerCase();
      refresh(0);
    },
    onkeydown: key,
  });
  const hint = el("p", { class: "popup-hint" });
  const popup = el("div", { class: "chooser" }, filter, listbox.element, !single && hint);
  refresh(
    Math.max(
      0,
      options.findIndex((option) => values.has(option.value)),
    ),
  );
  anchor.setAttribute("aria-expanded", "true");
  openPopup(popup, { anchor, width: anchor.offsetWidth, returnTo: anchor, onClose: finish });
  filter.focus({ preventScroll: true });

  function refresh(active) {
    const shown = options.filter((option) =>
      `${option.name} ${option.note ?? ""}`.toLowerCase().includes(query),
    );
    listbox.show(shown, { active, isChosen: (item) => values.has(item.value) });
    hint.textContent =
      values.size < min ? `Choose at least ${min}.` : `${values.size} of at most ${max} · Enter to confirm`;
    filter.setAttribute("aria-activedescendant", listbox.activeId ?? "");
  }

  function key(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp")
      listbox.move(event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter") {
      if (single && listbox.activeItem !== null) pick(listbox.activeItem);
      else closePopup(popup);
    } else if (event.key === " " && (filter.value === "" || !single)) {
      if (listbox.activeItem !== null) pick(listbox.activeItem);
    } else if (event.key === "Tab") closePopup(popup);
    else return;
    event.preventDefault();
    filter.setAttribute("aria-activedescendant", listbox.activeId ?? "");
  }

  function pick(item) {
    if (single) {
      const again = values.has(item.value) && min === 0;
      values.clear();
      if (!again) values.add(item.value);
      closePopup(popup);
      return;
    }
    if (values.has(item.value)) values.delete(item.value);
    else if (values.size < max) values.add(item.value);
    refresh(listbox.items.indexOf(item));
    // The next word that is typed looks for the next value.
    filter.select();
  }

  function finish() {
    anchor.removeAttribute("aria-expanded");
    const same = values.size === chosen.length && chosen.every((value) => values.has(value));
    if (values.size >= min && values.size <= max && !same) onDone([...values]);
  }
}
