/** One member's connection: their token, their gateway session, and what they see. */

import { Gateway } from "./gateway.js";
import { Interactions } from "./interactions.js";
import { Rest } from "./rest.js";
import { Store } from "./store.js";

const PAGE_SIZE = 50;

export class Session {
  constructor({ world, member, apiUrl, gatewayUrl }) {
    this.member = member;
    this.guild = world.guild;
    this.rest = new Rest({ base: apiUrl, token: member.token });
    this.store = new Store({ me: member, members: world.members, application: world.application });
    this.gateway = new Gateway({ url: gatewayUrl, token: member.token });
    this.interactions = new Interactions({
      rest: this.rest,
      store: this.store,
      guild: world.guild,
      application: world.application,
      me: member,
      sessionId: () => this.gateway.sessionId,
    });
    this._complete = new Set();
    this._loading = new Map();
    this.gateway.addEventListener("dispatch", ({ detail }) => this._receive(detail.name, detail.data));
    this.gateway.open();
  }

  /** True when the channel's first message is here, so there is nothing older to ask for. */
  isComplete(channelId) {
    return this._complete.has(channelId);
  }

  loadNewest(channelId) {
    return this._load(channelId, { newest: true });
  }

  /** Asks for the page before the oldest message; calls meanwhile share the same request. */
  loadOlder(channelId) {
    if (this.isComplete(channelId)) return Promise.resolve();
    if (!this._loading.has(channelId)) {
      const loading = this._loadBefore(channelId).finally(() => this._loading.delete(channelId));
      this._loading.set(channelId, loading);
    }
    return this._loading.get(channelId);
  }

  async _loadBefore(channelId) {
    const oldest = this.store.messagesOf(channelId).find((message) => !message.local);
    if (oldest === undefined) return;
    await this._load(channelId, { newest: false, before: oldest.id });
  }

  async _load(channelId, { newest, before = null }) {
    const changed = this.store.witness();
    const from = before === null ? "" : `&before=${before}`;
    try {
      const page = await this.rest.get(`/channels/${channelId}/messages?limit=${PAGE_SIZE}${from}`);
      if (page.length < PAGE_SIZE) this._complete.add(channelId);
      this.store.fill(channelId, page, { newest, changed });
    } finally {
      this.store.dismiss(changed);
    }
  }

  say(channelId, content, files) {
    const attachments = files.map((file, index) => ({ id: index, filename: file.name }));
    const body = { content, attachments };
    return this.rest.call("POST", `/channels/${channelId}/messages`, { body, files });
  }

  react(message, emoji, on) {
    const name = encodeURIComponent(emoji);
    const path = `/channels/${message.channel_id}/messages/${message.id}/reactions/${name}/@me`;
    return this.rest.call(on ? "PUT" : "DELETE", path);
  }

  remove(message) {
    return this.rest.call("DELETE", `/channels/${message.channel_id}/messages/${message.id}`);
  }

  /** Reads one message again: a reaction's count and a medium's fresh address come this way. */
  async refresh(channelId, messageId) {
    const message = await this.rest.get(`/channels/${channelId}/messages/${messageId}`);
    this.store.put(message, { born: false });
  }

  _receive(name, data) {
    this.store.receive(name, data);
    this.interactions.receive(name, data);
  }
}
