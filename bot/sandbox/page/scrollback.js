/** How far down the reader is: the end stays the end while things grow, and any other place stays where it is. */

const NEAR_END_PX = 80;
const NEAR_START_PX = 300;

/** Event: `older`, when the start of the list comes near. */
export class Scrollback extends EventTarget {
  constructor({ scroller, list, newest }) {
    super();
    this._scroller = scroller;
    this._newest = newest;
    this._size = "";
    this.isAtEnd = true;
    scroller.addEventListener("scroll", () => this._scrolled(), { passive: true });
    newest.addEventListener("click", () => this.toEnd());
    // Pictures and films take their room late, and the composer grows.
    const sizes = new ResizeObserver(() => this.isAtEnd && this.toEnd());
    sizes.observe(list);
    sizes.observe(scroller);
  }

  toEnd() {
    this._scroller.scrollTop = this._scroller.scrollHeight;
    this.isAtEnd = true;
    this._newest.hidden = true;
  }

  /** From here on new messages do not pull the reader down. */
  leaveEnd() {
    this.isAtEnd = false;
  }

  /** Says that there is something new, where it cannot be seen. */
  announce() {
    if (!this.isAtEnd) this._newest.hidden = false;
  }

  _scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this._scroller;
    const size = `${scrollHeight}/${clientHeight}`;
    // Something grew or shrank since the last look: that was not the reader's doing.
    if (size === this._size) this.isAtEnd = scrollHeight - clientHeight - scrollTop < NEAR_END_PX;
    this._size = size;
    if (this.isAtEnd) this._newest.hidden = true;
    if (scrollTop < NEAR_START_PX) this.dispatchEvent(new CustomEvent("older"));
  }
}
