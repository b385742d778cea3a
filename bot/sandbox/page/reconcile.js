/** Turns a shown tree into a freshly rendered one while keeping its nodes, so focus, scroll and playback survive. */

/** Changes `shown` in place until it equals `fresh`; returns the node that is now shown. */
export function reconcile(shown, fresh) {
  if (shown.nodeName !== fresh.nodeName || keyOf(shown) !== keyOf(fresh)) {
    shown.replaceWith(fresh);
    return fresh;
  }
  if (shown.nodeType === Node.TEXT_NODE) {
    if (shown.data !== fresh.data) shown.data = fresh.data;
    return shown;
  }
  reconcileAttributes(shown, fresh);
  reconcileChildren(shown, fresh);
  return shown;
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null;
}

function reconcileAttributes(shown, fresh) {
  // A medium's signed address changes with every rendering. The key says that the file is the
  // same one, and a new address would start the film over; only one that failed to load wants it.
  const keepSource = shown.hasAttribute("data-medium") && !shown.error && shown.naturalWidth !== 0;
  for (const { name } of [...shown.attributes]) {
    if (!fresh.hasAttribute(name)) shown.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (name === "src" && keepSource) continue;
    if (name === "style") {
      // Written through the style object: the page's content policy forbids style attributes as text.
      if (shown.style.cssText !== fresh.style.cssText) shown.style.cssText = fresh.style.cssText;
      continue;
    }
    if (shown.getAttribute(name) !== value) shown.setAttribute(name, value);
  }
}

function reconcileChildren(shown, fresh) {
  const wanted = [...fresh.childNodes];
  const matches = matchChildren([...shown.childNodes], wanted);
  const kept = new Set(matches.filter((node) => node !== null));
  // What goes is removed first: what stays is then already in its place and need not be moved,
  // and a film that is moved stops.
  for (const node of [...shown.childNodes]) if (!kept.has(node)) node.remove();
  let next = shown.firstChild;
  wanted.forEach((node, position) => {
    const match = matches[position];
    if (match === null) {
      shown.insertBefore(node, next);
    } else if (match === next) {
      next = reconcile(match, node).nextSibling;
    } else {
      move(shown, match, next);
      reconcile(match, node);
    }
  });
}

/** For each wanted node the shown one that becomes it, by key where there is one, else the next of its kind. */
function matchChildren(present, wanted) {
  const byKey = new Map();
  const unkeyed = [];
  for (const node of present) {
    const key = keyOf(node);
    if (key === null) unkeyed.push(node);
    else byKey.set(key, node);
  }
  return wanted.map((node) => {
    const key = keyOf(node);
    if (key !== null) {
      const match = byKey.get(key);
      byKey.delete(key);
      return match !== undefined && match.nodeName === node.nodeName ? match : null;
    }
    const position = unkeyed.findIndex((candidate) => candidate.nodeName === node.nodeName);
    return position === -1 ? null : unkeyed.splice(0, position + 1)[position];
  });
}

function move(parent, node, before) {
  // moveBefore keeps a playing film playing; it is new in browsers.
  if (parent.moveBefore) parent.moveBefore(node, before);
  else parent.insertBefore(node, before);
}
