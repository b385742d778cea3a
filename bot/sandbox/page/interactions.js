/** Commands, presses and forms on their way to the bot, each followed by its nonce until it is answered. */

import { nested } from "./commands.js";
import { Refused, Unreachable } from "./rest.js";
import { EPHEMERAL } from "./store.js";
import { newNonce } from "./snowflakes.js";

const COMMAND = 2;
const COMPONENT = 3;
const AUTOCOMPLETE = 4;
const MODAL_SUBMIT = 5;
// Discord gives the bot 3 s; beyond this the answer itself must have been lost.
const ANSWER_MS_MAX = 10000;
const NO_ANSWER = "The application did not respond.";

/**
 * Events: `modal` with the form that a bot opened; `press` with {channelId, messageId} when a
 * message's busy or failed state changed.
 */
export class Interactions extends EventTarget {
  constructor({ rest, store, guild, application, me, sessionId }) {
    super();
    this._rest = rest;
    this._store = store;
    this._guild = guild;
    this._application = application;
    this._me = me;
    this._sessionId = sessionId;
    this._waiting = new Map();
    this._busy = new Set();
    this._failures = new Map();
  }

  isBusy(messageId, customId) {
    return this._busy.has(`${messageId}/${customId}`);
  }

  /** The custom_ids under way on a message, as one comparable word. */
  busyOn(messageId) {
    return [...this._busy].filter((key) => key.startsWith(`${messageId}/`)).join();
  }

  failureOf(messageId) {
    return this._failures.get(messageId) ?? null;
  }

  receive(name, data) {
    switch (name) {
      case "INTERACTION_SUCCESS":
        this._answer(data.nonce, { ok: true });
        break;
      case "INTERACTION_FAILURE":
        this._answer(data.nonce, { ok: false, reason: NO_ANSWER });
        break;
      case "INTERACTION_MODAL_CREATE":
        this._answer(data.nonce, { ok: true });
        this.dispatchEvent(new CustomEvent("modal", { detail: data }));
        break;
      case "APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE":
        this._answer(data.nonce, { ok: true, choices: data.choices });
        break;
    }
  }

  /** Sends a slash command; a row in the channel says so until the bot answered, or that it did not. */
  async command(entry, { channelId, options, files }) {
    const data = { ...identity(entry.command), options: nested(entry, options), attachments: listed(files) };
    await this._inChannel({ type: COMMAND, channelId, data, files, name: entry.name });
  }

  /** A command from a message's Apps menu. */
  async menuCommand(command, message) {
    const data = { ...identity(command), options: [], attachments: [], target_id: message.id };
    await this._inChannel({
      type: COMMAND,
      channelId: message.channel_id,
      data,
      files: [],
      name: command.name,
    });
  }

  /** The choices for the focused option; null when the bot gave none in time. */
  async autocomplete(entry, { channelId, options }) {
    const data = { ...identity(entry.command), options: nested(entry, options), attachments: [] };
    const outcome = await this._send({ type: AUTOCOMPLETE, channelId, data });
    return outcome.ok ? (outcome.choices ?? []) : null;
  }

  async press(message, component, values = null) {
    const key = `${message.id}/${component.custom_id}`;
    if (this._busy.has(key)) return;
    this._busy.add(key);
    this._failures.delete(message.id);
    this._tellPress(message);
    const data = { component_type: component.type, custom_id: component.custom_id };
    if (values !== null) data.values = values;
    const extra = { message_id: message.id, message_flags: message.flags ?? 0 };
    const outcome = await this._send({
      type: COMPONENT,
      channelId: message.channel_id,
      data,
      extra,
      applicationId: message.application_id,
    });
    this._busy.delete(key);
    if (!outcome.ok) this._failures.set(message.id, `This interaction failed. ${outcome.reason}`);
    this._tellPress(message);
  }

  /** Submits a form; returns {ok} or {ok: false, reason}. */
  submit(modal, components, files) {
    const data = { id: modal.id, custom_id: modal.custom_id, components, attachments: listed(files) };
    const channelId = modal.channel_id;
    return this._send({ type: MODAL_SUBMIT, channelId, data, files, applicationId: modal.application?.id });
  }

  async _inChannel({ type, channelId, data, files, name }) {
    const nonce = newNonce();
    const row = {
      id: nonce,
      channel_id: channelId,
      author: this._store.users.get(this._application.id),
      content: "",
      flags: EPHEMERAL,
      timestamp: new Date().toISOString(),
      interaction_metadata: { user: this._me, name },
      local: { state: "sending" },
    };
    this._store.put(row, { born: false });
    const outcome = await this._send({ type, channelId, data, files, nonce });
    if (outcome.ok) this._store.remove(channelId, nonce);
    else {
      const local = { state: "failed", text: `This interaction failed. ${outcome.reason}` };
      this._store.put({ ...row, local }, { born: true });
    }
  }

  async _send({ type, channelId, data, files = [], extra = {}, nonce = newNonce(), applicationId = null }) {
    const answered = this._wait(nonce);
    const body = {
      type,
      application_id: applicationId ?? this._application.id,
      guild_id: this._store.channels.get(channelId)?.type === 1 ? undefined : this._guild.id,
      channel_id: channelId,
      session_id: this._sessionId(),
      nonce,
      data,
      ...extra,
    };
    try {
      await this._rest.call("POST", "/interactions", { body, files });
    } catch (refusal) {
      if (!(refusal instanceof Refused || refusal instanceof Unreachable)) throw refusal;
      this._answer(nonce, { ok: false, reason: refusal.message });
    }
    return answered;
  }

  _wait(nonce) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this._answer(nonce, { ok: false, reason: NO_ANSWER }), ANSWER_MS_MAX);
      this._waiting.set(nonce, { resolve, timer });
    });
  }

  _answer(nonce, outcome) {
    const waiting = this._waiting.get(nonce);
    if (waiting === undefined) return;
    this._waiting.delete(nonce);
    clearTimeout(waiting.timer);
    waiting.resolve(outcome);
  }

  _tellPress(message) {
    const detail = { channelId: message.channel_id, messageId: message.id };
    this.dispatchEvent(new CustomEvent("press", { detail }));
  }
}

function identity(command) {
  return { version: command.version, id: command.id, name: command.name, type: command.type ?? 1 };
}

/** The uploads' places: an attachment option's value is the index of its `files[n]` part. */
function listed(files) {
  return files.map((file, index) => ({ id: String(index), filename: file.name }));
}
