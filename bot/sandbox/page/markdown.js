/** Discord's markdown as DOM nodes: every piece of text becomes a text node, every address is checked. */

import { el } from "./elements.js";
import { timeElement } from "./timestamps.js";

const DEPTH_MAX = 24;
const FENCE = /```(?:([\w+#.-]*)\n)?([\s\S]*?)```\n?/g;

/**
 * Renders text. `view` answers what text alone does not say: `names.user(id)`, `names.role(id)`,
 * `names.channel(id)`, and `spoiler()` for the key and state of the next spoiler.
 */
export function markdown(text, view) {
  const fragment = document.createDocumentFragment();
  let end = 0;
  for (const fence of text.matchAll(FENCE)) {
    fragment.append(...blocks(text.slice(end, fence.index), view));
    fragment.append(
      el("pre", {}, el("code", { "data-language": fence[1] || null }, fence[2].replace(/\n$/, ""))),
    );
    end = fence.index + fence[0].length;
  }
  fragment.append(...blocks(text.slice(end), view));
  return fragment;
}

function blocks(text, view, depth = 0) {
  if (text === "") return [];
  const lines = text.split("\n");
  const made = [];
  let plain = [];
  const flush = () => {
    if (plain.some((line) => line.trim() !== ""))
      made.push(el("p", {}, inline(plain.join("\n"), view, depth)));
    plain = [];
  };
  for (let at = 0; at < lines.length;) {
    const taken = block(lines, at, view, depth);
    if (taken === null) {
      plain.push(lines[at]);
      at += 1;
    } else {
      flush();
      made.push(taken.node);
      at = taken.end;
    }
  }
  flush();
  return made;
}

/** The block that starts at this line, with the line after it; null for plain text. */
function block(lines, at, view, depth) {
  const line = lines[at];
  let match;
  if (depth < DEPTH_MAX && line.startsWith(">>> ")) {
    const rest = [line.slice(4), ...lines.slice(at + 1)].join("\n");
    return { node: el("blockquote", {}, blocks(rest, view, depth + 1)), end: lines.length };
  }
  if (depth < DEPTH_MAX && /^> /.test(line)) {
    let end = at;
    while (end < lines.length && /^>( |$)/.test(lines[end])) end += 1;
    const inner = lines
      .slice(at, end)
      .map((quoted) => quoted.slice(2))
      .join("\n");
    return { node: el("blockquote", {}, blocks(inner, view, depth + 1)), end };
  }
  if ((match = /^(#{1,3}) +(\S.*)$/.exec(line))) {
    // The page's own headings are levels one and two.
    return { node: el(`h${match[1].length + 2}`, {}, inline(match[2], view, depth)), end: at + 1 };
  }
  if ((match = /^-# +(\S.*)$/.exec(line))) {
    return { node: el("p", { class: "subtext" }, inline(match[1], view, depth)), end: at + 1 };
  }
  return list(lines, at, 0, view, depth);
}

const ITEM = /^( *)(?:([-*])|(\d{1,9})\.) +(\S.*)$/;

function list(lines, at, indent, view, depth) {
  const first = ITEM.exec(lines[at]);
  if (first === null || first[1].length < indent) return null;
  const ordered = first[3] !== undefined;
  const node = el(ordered ? "ol" : "ul", { start: ordered ? first[3] : null });
  let end = at;
  while (end < lines.length) {
    const item = ITEM.exec(lines[end]);
    if (item === null || item[1].length < first[1].length || (item[3] !== undefined) !== ordered) break;
    if (item[1].length > first[1].length + 1 && node.lastChild !== null && depth < DEPTH_MAX) {
      const nested = list(lines, end, item[1].length, view, depth + 1);
      node.lastChild.append(nested.node);
      end = nested.end;
    } else {
      node.append(el("li", {}, inline(item[4], view, depth)));
      end += 1;
    }
  }
  return { node, end };
}

const INNER =
  (tag, attributes = {}) =>
  (match, view, depth) =>
    el(tag, attributes, inline(match[1], view, depth + 1));

const RULES = [
  [/\\([^A-Za-z0-9\s])/y, (match) => match[1]],
  [/``([\s\S]+?)``(?!`)|`([^`\n]+)`/y, (match) => el("code", {}, match[1]?.trim() ?? match[2])],
  [
    /<t:(-?\d{1,13})(?::([tTdDfFRsS]))?>/y,
    (match) => timeElement(new Date(Number(match[1]) * 1000), match[2] ?? "f"),
  ],
  [/<@!?(\d{1,20})>/y, (match, view) => el("span", { class: "mention" }, `@${view.names.user(match[1])}`)],
  [/<@&(\d{1,20})>/y, (match, view) => el("span", { class: "mention" }, `@${view.names.role(match[1])}`)],
  [/@(everyone|here)\b/y, (match) => el("span", { class: "mention" }, match[0])],
  [/<#(\d{1,20})>/y, (match, view) => channelMention(match[1], view)],
  [/<\/([^:<>\n]{1,100}):(\d{1,20})>/y, (match) => commandMention(match[1])],
  [/<a?:(\w{2,32}):\d{1,20}>/y, (match) => `:${match[1]}:`],
  [/\[((?:\\.|[^[\]\\\n])+)\]\(<?(https?:\/\/[^\s<>)]+)>?(?: +"([^"\n]*)")?\)/y, maskedLink],
  [/<(https?:\/\/[^\s<>]+)>/y, (match) => link(match[1], match[1])],
  [/https?:\/\/[^\s<>]*[^\s<>.,:;"')\]!?*_~|]/y, (match) => link(match[0], match[0])],
  [/\|\|([\s\S]+?)\|\|/y, spoiler],
  [/\*\*([\s\S]+?)\*\*(?!\*)/y, INNER("strong")],
  [/__([\s\S]+?)__(?!_)/y, INNER("u")],
  [/~~([\s\S]+?)~~/y, INNER("s")],
  [/\*(?=\S)((?:\*\*|\\[\s\S]|[^*\\])+?)\*(?!\*)/y, INNER("em")],
  [/(?<![A-Za-z0-9])_((?:__|\\[\s\S]|[^_\\])+?)_(?![A-Za-z0-9_])/y, INNER("em")],
  [/\n/y, () => el("br")],
];

function inline(text, view, depth) {
  if (depth > DEPTH_MAX) return [text];
  const nodes = [];
  let plain = "";
  for (let at = 0; at < text.length;) {
    const found = ruleAt(text, at, view, depth);
    if (found === null) {
      plain += text[at];
      at += 1;
    } else if (typeof found.node === "string") {
      plain += found.node;
      at = found.end;
    } else {
      if (plain !== "") nodes.push(plain);
      plain = "";
      nodes.push(found.node);
      at = found.end;
    }
  }
  if (plain !== "") nodes.push(plain);
  return nodes;
}

function ruleAt(text, at, view, depth) {
  // Most characters start nothing; one look spares eighteen expressions.
  if (!/[\\`<@[h|*_~\n]/.test(text[at])) return null;
  for (const [expression, make] of RULES) {
    expression.lastIndex = at;
    const match = expression.exec(text);
    if (match === null) continue;
    const end = at + match[0].length;
    const node = make(match, view, depth);
    if (node !== null) return { node, end };
  }
  return null;
}

function channelMention(id, view) {
  const attributes = { type: "button", class: "mention", "data-action": "channel", "data-channel": id };
  return el("button", attributes, `#${view.names.channel(id)}`);
}

function commandMention(name) {
  return el(
    "button",
    { type: "button", class: "mention", "data-action": "command", "data-command": name },
    `/${name}`,
  );
}

function maskedLink(match, view, depth) {
  return link(match[2], inline(match[1], view, depth + 1), match[3]);
}

/** Only http and https reach here; the referrer stays at home. */
function link(address, content, title = null) {
  return el("a", { href: address, title, target: "_blank", rel: "noopener noreferrer" }, content);
}

function spoiler(match, view, depth) {
  const { key, revealed } = view.spoiler();
  const content = el("span", { inert: !revealed }, inline(match[1], view, depth + 1));
  if (revealed) return el("span", { class: "spoiler revealed" }, content);
  const attributes = {
    class: "spoiler",
    role: "button",
    tabindex: "0",
    "aria-label": "Spoiler, show",
    "data-action": "reveal",
    "data-reveal": key,
  };
  return el("span", attributes, content);
}

/** One line of plain words, for a reply's preview and for screen readers. */
export function plainText(text) {
  return text
    .replace(/```(?:[\w+#.-]*\n)?([\s\S]*?)```/g, "$1")
    .replace(/\|\|[\s\S]+?\|\|/g, "(spoiler)")
    .replace(/\[([^\]\n]+)\]\(https?:[^)\s]+\)/g, "$1")
    .replace(
      /<t:(\d{1,13})(?::\w)?>/g,
      (whole, unix) => timeElement(new Date(unix * 1000), "R")?.textContent ?? whole,
    )
    .replace(/^(?:#{1,3}|-#|>{1,3}) +/gm, "")
    .replace(/[*_~`]{1,3}(?=\S)|(?<=\S)[*_~`]{1,3}/g, "")
    .replace(/\s+/g, " ")
    .trim();
}
