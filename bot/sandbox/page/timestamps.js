/** Times as people read them; Discord's `<t:unix:style>` and the relative ones that count by themselves. */

const LOCALE = "en-GB";
const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
  s: { dateStyle: "short", timeStyle: "short" },
  S: { dateStyle: "short", timeStyle: "medium" },
};
const STEPS = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 30],
  ["month", 12],
  ["year", Infinity],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export function relativeText(date, now) {
  let amount = (date - now) / 1000;
  for (const [unit, size] of STEPS) {
    const rounded = Math.round(amount);
    if (Math.abs(rounded) < size) return relative.format(rounded, unit);
    amount /= size;
  }
  return "";
}

export function styledText(date, style, now = new Date()) {
  if (style === "R") return relativeText(date, now);
  return new Intl.DateTimeFormat(LOCALE, STYLES[style] ?? STYLES.f).format(date);
}

/** A `<time>` for a moment; null where the number is no date that a calendar has. */
export function timeElement(date, style) {
  if (Number.isNaN(date.getTime())) return null;
  const element = document.createElement("time");
  element.dateTime = date.toISOString();
  element.title = styledText(date, "F");
  if (style === "R") element.setAttribute("data-relative", "");
  element.textContent = styledText(date, style);
  return element;
}

/** "14:05" for today, "Yesterday at 14:05", else the date and time. */
export function messageTime(date, now = new Date()) {
  const clock = styledText(date, "t");
  const days = Math.round((startOfDay(now) - startOfDay(date)) / 86400000);
  if (days === 0) return clock;
  if (days === 1) return `Yesterday at ${clock}`;
  return `${styledText(date, "d")} ${clock}`;
}

export function dayName(date) {
  return styledText(date, "D");
}

export function startOfDay(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}

/** Lets every relative time under `root` count; text is only written where it changed. */
export function countRelativeTimes(root) {
  setInterval(() => {
    const now = new Date();
    for (const element of root.querySelectorAll("time[data-relative]")) {
      const text = relativeText(new Date(element.dateTime), now);
      if (element.textContent !== text) element.textContent = text;
    }
  }, 1000);
}
