/** The page's own keys: `/` for commands, Escape back to writing, Alt with arrows and digits to move about. */

const EDITABLE = "input:not([type=radio]):not([type=checkbox]), textarea, [contenteditable]";

export function bindKeys({ commands, compose, channel, member }) {
  document.addEventListener("keydown", (event) => {
    // A form, a list or a menu that is open has the keys to itself.
    if (event.defaultPrevented || document.querySelector("dialog[open], :popover-open")) return;
    if (event.altKey && !event.ctrlKey && !event.metaKey) {
      if (event.key === "ArrowUp") channel(-1);
      else if (event.key === "ArrowDown") channel(1);
      else if (/^Digit[1-9]$/.test(event.code)) member(Number(event.code.slice(5)) - 1);
      else return;
      event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target;
    if (event.key === "Escape") compose();
    else if (target.closest(EDITABLE)) return;
    else if (event.key === "/") {
      event.preventDefault();
      commands();
    } else if (
      event.key.length === 1 &&
      event.key !== " " &&
      (target === document.body || target.matches("li.message"))
    )
      compose();
  });
}
