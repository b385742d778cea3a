/** Embeds: the older cards that bots and links make. */

import { el } from "./elements.js";
import { medium } from "./files.js";
import { markdown } from "./markdown.js";
import { styledText } from "./timestamps.js";

export function embeds(list, view) {
  return el(
    "div",
    { class: "embeds", "data-key": "embeds" },
    list.map((embed) => one(embed, view)),
  );
}

function one(embed, view) {
  const box = el(
    "article",
    { class: "embed" },
    embed.author?.name &&
      el("p", { class: "embed-author" }, titled(embed.author.name, embed.author.url, view)),
    embed.title && el("p", { class: "embed-title" }, titled(embed.title, embed.url, view)),
    embed.description && el("div", { class: "text" }, markdown(embed.description, view)),
    embed.fields?.length > 0 &&
      el(
        "dl",
        { class: "embed-fields" },
        embed.fields.map((field) => fieldOf(field, view)),
      ),
    embed.thumbnail && el("div", { class: "thumbnail" }, medium(embed.thumbnail, view)),
    embed.image && el("div", { class: "medium" }, medium(embed.image, view)),
    footer(embed),
  );
  if (typeof embed.color === "number")
    box.style.setProperty("--accent", `#${embed.color.toString(16).padStart(6, "0")}`);
  return box;
}

function titled(text, url, view) {
  const href = url ? view.address(url) : null;
  return href ? el("a", { href, target: "_blank", rel: "noopener noreferrer" }, text) : text;
}

function fieldOf(field, view) {
  const attributes = { class: field.inline ? "inline" : null };
  return el("div", attributes, el("dt", {}, field.name), el("dd", {}, markdown(field.value, view)));
}

function footer(embed) {
  const parts = [embed.footer?.text, embed.timestamp && styledText(new Date(embed.timestamp), "s")].filter(
    Boolean,
  );
  return parts.length > 0 && el("p", { class: "subtext" }, parts.join(" · "));
}
