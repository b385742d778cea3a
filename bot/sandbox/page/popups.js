/** Small surfaces in the browser's top layer, beside what opened them. */

const GAP_PX = 6;
const EDGE_PX = 8;

/**
 * Shows `popup` at an anchor element or at a point, where there is room; gives the focus back to
 * `returnTo` when it closes. Escape and a press elsewhere close it (the popover's own behaviour).
 */
export function openPopup(
  popup,
  { anchor, point = null, width = null, returnTo = document.activeElement, onClose = () => {} },
) {
  // Inside an open form everything outside of it is inert, so the popup goes where its anchor is.
  (anchor.closest("dialog") ?? document.body).append(popup);
  popup.popover = "auto";
  popup.classList.add("popup");
  if (width !== null) popup.style.minWidth = `${width}px`;
  popup.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    const hadFocus = popup.contains(document.activeElement) || document.activeElement === document.body;
    popup.remove();
    if (hadFocus && returnTo?.isConnected) returnTo.focus();
    onClose();
  });
  popup.showPopover();
  place(popup, point === null ? anchor.getBoundingClientRect() : new DOMRect(point.x, point.y, 0, 0));
}

export function closePopup(popup) {
  if (popup.isConnected && popup.matches(":popover-open")) popup.hidePopover();
}

function place(popup, rect) {
  const { offsetWidth: width, offsetHeight: height } = popup;
  const below = rect.bottom + GAP_PX + height <= innerHeight - EDGE_PX;
  const above = rect.top - GAP_PX - height >= EDGE_PX;
  const top = below || !above ? rect.bottom + GAP_PX : rect.top - GAP_PX - height;
  popup.style.top = `${clamp(top, EDGE_PX, innerHeight - height - EDGE_PX)}px`;
  popup.style.left = `${clamp(rect.left, EDGE_PX, innerWidth - width - EDGE_PX)}px`;
}

function clamp(value, min, max) {
  return Math.max(min, Math.min(value, Math.max(min, max)));
}
