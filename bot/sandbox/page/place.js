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

const MESSAGE_LINK = /^https:\/\/(?:\w+\.)?discord(?:app)?\.com\/channels\/(?:\d+|@me)\/(\d+)(?:\/(\d+))?$/;

/** Where a link to a channel or message of Discord leads, {channelId, messageId}; null for any other link. */
export function readMessageLink(address) {
  const [match, channelId, messageId = null] = MESSAGE_LINK.exec(address) ?? [null];
  return match === null ? null : { channelId, messageId };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
