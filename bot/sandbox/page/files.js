/** Attached files: what kind each is, how large, and how it is shown. */

import { el, icon } from "./elements.js";

const VIDEO = /\.(mp4|webm|mov|m4v)$/i;
const IMAGE = /\.(png|jpe?g|gif|webp|avif|svg)$/i;
const AUDIO = /\.(mp3|ogg|wav|m4a|flac)$/i;

export function sizeText(bytes) {
  if (!(bytes >= 0)) return "";
  if (bytes < 1024) return `${bytes} bytes`;
  const [amount, unit] = bytes < 1024 ** 2 ? [bytes / 1024, "KB"] : [bytes / 1024 ** 2, "MB"];
  return `${amount.toFixed(amount < 10 ? 1 : 0)} ${unit}`;
}

/** "video", "image", "audio" or "file", by the type the server gave, else by the name. */
export function kindOf({ content_type: type, filename, url }) {
  const name = filename ?? url?.split(/[?#]/)[0] ?? "";
  for (const [kind, expression] of [
    ["video", VIDEO],
    ["image", IMAGE],
    ["audio", AUDIO],
  ]) {
    if (type ? type.startsWith(`${kind}/`) : expression.test(name)) return kind;
  }
  return "file";
}

/** The address without its signature: it names the file for as long as it exists. */
export function stableKey(url) {
  return `file:${(url ?? "").split(/[?#]/)[0]}`;
}

export function nameOf(url) {
  const last = (url ?? "").split(/[?#]/)[0].split("/").pop();
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** A picture, or a player with sound and seeking; `file` has url and perhaps a type, size in pixels and description. */
export function medium(file, view) {
  const url = view.address(file.url);
  if (url === null) return el("p", { class: "subtext" }, "This picture's address cannot be shown.");
  const attributes = { "data-medium": true, "data-key": `medium:${stableKey(file.url)}`, src: url };
  const described = file.description || null;
  let element;
  if (kindOf(file) === "video") {
    const title = described ?? `Video ${file.filename ?? nameOf(file.url)}`;
    element = el("video", {
      ...attributes,
      controls: true,
      playsinline: true,
      preload: "metadata",
      "aria-label": title,
    });
  } else {
    element = el("img", {
      ...attributes,
      alt: described ?? file.filename ?? nameOf(file.url),
      loading: "lazy",
      decoding: "async",
    });
  }
  // Its room is kept while it loads, so that nothing below it jumps.
  if (file.width > 0 && file.height > 0) element.style.aspectRatio = `${file.width} / ${file.height}`;
  if (element.nodeName === "VIDEO") return element;
  return el(
    "a",
    { href: url, target: "_blank", rel: "noopener noreferrer", "data-key": "whole", title: "Open in full" },
    element,
  );
}

/** A file to take home: its name, its size and a download link. */
export function fileCard({ url, filename, size }, view) {
  const name = filename ?? nameOf(url);
  const address = view.address(url);
  return el(
    "div",
    { class: "file", "data-key": stableKey(url) },
    icon("file"),
    el("span", { class: "file-name" }, name, el("small", {}, sizeText(size))),
    address &&
      el(
        "a",
        { class: "icon-button", href: address, download: name, "aria-label": `Download ${name}` },
        icon("download"),
      ),
  );
}

/** Covers what is marked as a spoiler until someone asks to see it. */
export function veiled(content, isSpoiler, view) {
  if (!isSpoiler) return content;
  const { key, revealed } = view.spoiler();
  if (revealed) return content;
  content.inert = true;
  const button = el(
    "button",
    { type: "button", class: "veil-button", "data-action": "reveal", "data-reveal": key },
    "Spoiler",
  );
  return el(
    "div",
    {
      class: "veil",
      "data-key": content.getAttribute("data-key") && `veil:${content.getAttribute("data-key")}`,
    },
    content,
    button,
  );
}

export function attachments(files, view) {
  return el(
    "div",
    { class: "attachments", "data-key": "attachments" },
    files.map((file) => {
      const kind = kindOf(file);
      const spoiler =
        Boolean(file.is_spoiler) || (file.flags & 8) !== 0 || /^SPOILER_/.test(file.filename ?? "");
      if (kind === "audio") return audio(file, view);
      if (kind === "file") return veiled(fileCard(file, view), spoiler, view);
      return veiled(
        el("div", { class: "medium", "data-key": stableKey(file.url) }, medium(file, view)),
        spoiler,
        view,
      );
    }),
  );
}

function audio(file, view) {
  const label = `Sound ${file.filename ?? nameOf(file.url)}`;
  const attributes = {
    "data-medium": true,
    "data-key": stableKey(file.url),
    src: view.address(file.url),
    controls: true,
    preload: "metadata",
    "aria-label": label,
  };
  return el("audio", attributes);
}
