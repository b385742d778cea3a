/** Elements and icons, made as DOM nodes: text stays text, so nothing a person or a bot wrote is parsed as HTML. */

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  hash: "M9.5 3 7.5 21M16.5 3l-2 18M4 8.5h17M3 15.5h17",
  warning: "M12 4 2.5 20h19L12 4ZM12 10v4.5M12 17.2v.3",
  menu: "M4 6h16M4 12h16M4 18h16",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6 6 18",
  send: "M4 12 20 4l-5 16-4-7-7-1Z",
  file: "M6 3h8l4 4v14H6V3ZM14 3v4h4",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  reply: "M9 7 4 12l5 5M4 12h9a7 7 0 0 1 7 7",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM8.5 14.5a4.2 4.2 0 0 0 7 0M9 9.5v.5M15 9.5v.5",
  chevron: "M9 6l6 6-6 6",
  down: "M6 9l6 6 6-6",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  link: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  check: "M5 12.5l4.5 4.5L19 7.5",
  bolt: "M13 3 5 13.5h6L10 21l8-10.5h-6L13 3Z",
};

/**
 * An element with attributes, listeners (`onclick: fn`) and children.
 * An attribute that is null, undefined or false is left out; true is written as an empty one.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** A line icon; always decoration, its control carries the name. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A portrait made of a name's first letter, coloured by the id so that it stays the same. */
export function avatar(user) {
  const name = displayName(user);
  // The golden angle sets the colours of ids that follow each other far apart.
  const hue = Number((BigInt(user.id) * 137n) % 360n);
  const letter = [...name][0] ?? "?";
  const element = el(
    "span",
    { class: user.bot ? "avatar bot" : "avatar", "aria-hidden": "true" },
    letter.toUpperCase(),
  );
  element.style.setProperty("--hue", String(hue));
  return element;
}

export function displayName(user) {
  return user?.global_name || user?.username || user?.name || "Unknown";
}
