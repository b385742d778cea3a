/** Where one is, kept in the address: `#/ada/dailies`, so that a reload or another window finds it again. */

export function readPlace() {
  const [, username = "", channelName = ""] = location.hash.slice(1).split("/").map(decoded);
  return { username, channelName };
}

export function placeAddress({ username, channelName }) {
  return `#/${encodeURIComponent(username)}/${encodeURIComponent(channelName)}`;
}

export function writePlace(place) {
  const address = placeAddress(place);
  if (location.hash !== address) history.replaceState(null, "", address);
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
