/** Short sentences about what went wrong (or right), shown for a while and read aloud. */

import { el, icon } from "./elements.js";
import { Refused, Unreachable } from "./rest.js";

const SHOWN_MS = 8000;
const NOTICES_MAX = 4;

export class Notices {
  constructor(place) {
    this._place = place;
  }

  say(text, { isFault = true } = {}) {
    const close = () => notice.remove();
    const notice = el(
      "div",
      { class: isFault ? "notice fault" : "notice", role: isFault ? "alert" : "status" },
      isFault && icon("warning"),
      el("span", {}, text),
      el(
        "button",
        { type: "button", class: "icon-button", "aria-label": "Dismiss", onclick: close },
        icon("close"),
      ),
    );
    this._place.append(notice);
    while (this._place.childElementCount > NOTICES_MAX) this._place.firstElementChild.remove();
    setTimeout(close, SHOWN_MS);
  }

  /** Runs work for a person; what the server refuses becomes a notice. Says whether it was done. */
  async attempt(work) {
    try {
      await work();
      return true;
    } catch (fault) {
      if (!(fault instanceof Refused || fault instanceof Unreachable)) throw fault;
      this.say(fault.code ? `${fault.message} (${fault.code})` : fault.message);
      return false;
    }
  }
}
