/** The Faults panel: what of Discord's bad days is switched on, and the switches. */

import { el, icon } from "./elements.js";

const ROUTE = { name: "route", label: "Route has", type: "text", placeholder: "any" };
const COUNT = { name: "count", label: "Times", type: "number", min: 1, placeholder: "∞" };

const LASTING = [
  {
    name: "rate_limit",
    title: "Rate limit",
    note: "The bot's requests get a 429.",
    fields: [
      { name: "retry_after", label: "Wait, s", type: "number", value: "0.5", min: 0, step: "any" },
      ROUTE,
      COUNT,
    ],
  },
  {
    name: "server_error",
    title: "Server error",
    note: "Discord answers with a fault of its own.",
    fields: [
      { name: "status", label: "Status", type: "number", value: "503", min: 500, max: 599 },
      ROUTE,
      COUNT,
    ],
  },
  {
    name: "slow",
    title: "Slow answers",
    note: "Every answer to the bot waits.",
    fields: [
      { name: "seconds", label: "Seconds", type: "number", value: "2", min: 0, step: "any" },
      ROUTE,
      COUNT,
    ],
  },
  {
    name: "lost_answer",
    title: "Lost answer",
    note: "The work is done, then the line is cut.",
    fields: [ROUTE, COUNT],
  },
  {
    name: "clock_off",
    title: "Clock off",
    note: "Every answer bears another time of day than this machine's.",
    fields: [
      { name: "seconds", label: "Seconds", type: "number", value: "600", min: -600, step: "any" },
      ROUTE,
      COUNT,
    ],
  },
  { name: "cdn_full", title: "CDN is full", note: "Uploads are refused.", fields: [COUNT] },
];
const AT_ONCE = [
  {
    name: "drop_gateway",
    title: "Drop the gateway",
    note: "Closes the bot's connection.",
    fields: [
      { name: "code", label: "Close code", type: "number", placeholder: "none", min: 1000, max: 4999 },
    ],
  },
  { name: "reconnect", title: "Ask to reconnect", note: "Sends op 7 to the bot.", fields: [] },
  {
    name: "invalid_session",
    title: "Invalid session",
    note: "Sends op 9 to the bot.",
    fields: [{ name: "resumable", label: "Can be resumed", type: "checkbox" }],
  },
];

/** Event: `count` with how many faults are on. */
export class Faults extends EventTarget {
  constructor({ place, rest, notices }) {
    super();
    this._rest = rest;
    this._notices = notices;
    this._rows = new Map();
    place.append(
      el("h3", {}, "While switched on"),
      ...LASTING.map((fault) => this._row(fault, (row) => this._toggle(fault, row), { isSwitch: true })),
      el("h3", {}, "At once"),
      ...AT_ONCE.map((fault) =>
        this._row(fault, (row) => this._change("POST", "", wish(fault, row)), { isSwitch: false }),
      ),
    );
  }

  /** Reads which faults are on; the server may have used some up. */
  async refresh() {
    const on = await this._rest.get("/faults");
    for (const [name, row] of this._rows) {
      const active = on.filter((fault) => fault.name === name);
      row.control.setAttribute("aria-checked", String(active.length > 0));
      row.state.textContent = active.map(described).join(" · ");
    }
    this.dispatchEvent(new CustomEvent("count", { detail: on.length }));
  }

  _row(fault, act, { isSwitch }) {
    const inputs = fault.fields.map(({ name, label, value, ...attributes }) => {
      const input = el("input", {
        ...attributes,
        name,
        id: `fault-${fault.name}-${name}`,
        autocomplete: "off",
      });
      if (value !== undefined) input.value = value;
      return { input, element: el("label", {}, el("span", {}, label), input) };
    });
    const row = { inputs: inputs.map(({ input }) => input), state: el("p", { class: "fault-state" }) };
    row.control = isSwitch
      ? el("button", {
          type: "button",
          role: "switch",
          class: "switch",
          "aria-checked": "false",
          "aria-label": fault.title,
          onclick: () => act(row),
        })
      : el(
          "button",
          {
            type: "button",
            class: "button secondary small",
            "aria-label": fault.title,
            onclick: () => act(row),
          },
          icon("bolt"),
          "Do it",
        );
    if (isSwitch) this._rows.set(fault.name, row);
    return el(
      "section",
      { class: "fault", "data-fault": fault.name },
      el(
        "div",
        { class: "fault-head" },
        el("div", {}, el("h4", {}, fault.title), el("p", { class: "subtext" }, fault.note)),
        row.control,
      ),
      inputs.length > 0 &&
        el(
          "div",
          { class: "fault-fields" },
          inputs.map(({ element }) => element),
        ),
      row.state,
    );
  }

  _toggle(fault, row) {
    const on = row.control.getAttribute("aria-checked") === "true";
    return on ? this._change("DELETE", `/${fault.name}`, null) : this._change("POST", "", wish(fault, row));
  }

  _change(method, path, body) {
    return this._notices.attempt(async () => {
      await this._rest.call(method, `/faults${path}`, { body });
      await this.refresh();
      if (method === "POST" && !this._rows.has(body.name)) this._notices.say("Done.", { isFault: false });
    });
  }
}

/** The fault with what was filled in; what was left empty keeps the server's default. */
function wish(fault, row) {
  const filled = row.inputs
    .filter((input) => input.type === "checkbox" || input.value.trim() !== "")
    .map((input) => {
      if (input.type === "checkbox") return [input.name, input.checked];
      return [input.name, input.type === "number" ? Number(input.value) : input.value.trim()];
    });
  return { name: fault.name, ...Object.fromEntries(filled) };
}

function described({ route, count }) {
  const times = count === null || count === undefined ? "until switched off" : `${count} more`;
  return route ? `${route}: ${times}` : times;
}
