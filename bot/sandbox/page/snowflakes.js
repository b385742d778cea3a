/** Discord's ids: 64 bits of time and order, always handled as strings because a Number would round them. */

const DISCORD_EPOCH_MS = 1420070400000n;

/** Negative, zero or positive, as `Array.sort` wants it; the longer id is the later one. */
export function compareIds(a, b) {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function timeOf(id) {
  return new Date(Number((BigInt(id) >> 22n) + DISCORD_EPOCH_MS));
}

let order = 0n;

/** A nonce as Discord's clients make it: an id of this moment, so that it also sorts among messages. */
export function newNonce() {
  order = (order + 1n) % 4096n;
  return String(((BigInt(Date.now()) - DISCORD_EPOCH_MS) << 22n) | order);
}
