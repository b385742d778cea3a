/** Looks every few seconds whether the bot is connected, which faults are on, and whether this is still the same sandbox. */

import { Refused, Unreachable } from "./rest.js";

const EVERY_MS = 2000;

export class Watch {
  constructor({ sandbox, world, faults, state }) {
    this._sandbox = sandbox;
    this._world = world;
    this._faults = faults;
    this._state = state;
  }

  start() {
    this._show(this._world.application);
    this._look();
    setInterval(() => document.visibilityState === "visible" && this._look(), EVERY_MS);
    document.addEventListener(
      "visibilitychange",
      () => document.visibilityState === "visible" && this._look(),
    );
  }

  async _look() {
    try {
      const world = await this._sandbox.get("/world");
      // Another sandbox answers at this address: nobody's token is good any more.
      if (world.members[0].token !== this._world.members[0].token) {
        location.reload();
        return;
      }
      this._show(world.application);
      await this._faults.refresh();
    } catch (fault) {
      if (!(fault instanceof Unreachable || fault instanceof Refused)) throw fault;
      this._state.dataset.connected = "false";
      this._state.textContent = "The sandbox does not answer";
    }
  }

  _show({ name, connected }) {
    const text = connected ? `${name} is connected` : `${name} is not connected`;
    if (this._state.textContent !== text) this._state.textContent = text;
    this._state.dataset.connected = String(connected);
  }
}
