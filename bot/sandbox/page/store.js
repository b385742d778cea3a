/** What one member's session knows: channels, names and messages, kept by the gateway's events. */

import { displayName } from "./elements.js";
import { compareIds } from "./snowflakes.js";

const MESSAGES_MAX = 500;
export const EPHEMERAL = 1 << 6;
export const LOADING = 1 << 7;

/**
 * Events: `channels` (the list changed), `message` with {channelId, id, born} (born: it is news),
 * `filled` with {channelId} (a page of history came).
 */
export class Store extends EventTarget {
  constructor({ me, members, application }) {
    super();
    this._me = me;
    this.users = new Map(members.map((member) => [member.id, member]));
    this.users.set(application.id, { ...application, username: application.name, bot: true });
    this.roles = new Map();
    this.channels = new Map();
    this._messages = new Map();
    this._witnesses = new Set();
    this.names = {
      user: (id) => displayName(this.users.get(id)),
      role: (id) => this.roles.get(id)?.name ?? "unknown role",
      channel: (id) => this.channels.get(id)?.name ?? "unknown",
    };
  }

  receive(name, data) {
    switch (name) {
      case "GUILD_CREATE":
        for (const role of data.roles ?? []) this.roles.set(role.id, role);
        for (const member of data.members ?? []) this._meet(member.user);
        this.channels = new Map((data.channels ?? []).map((channel) => [channel.id, channel]));
        this._tell("channels", {});
        break;
      case "CHANNEL_CREATE":
      case "CHANNEL_UPDATE":
      case "THREAD_CREATE":
      case "THREAD_UPDATE":
        this.channels.set(data.id, {
          ...data,
          name: data.name ?? (data.recipients ?? []).map(displayName).join(", "),
        });
        this._tell("channels", {});
        break;
      case "CHANNEL_DELETE":
      case "THREAD_DELETE":
        this.channels.delete(data.id);
        this._tell("channels", {});
        break;
      case "MESSAGE_CREATE":
        this._settleLocal(data);
        this.put(data, { born: true });
        break;
      case "MESSAGE_UPDATE": {
        const known = this.message(data.channel_id, data.id);
        // The end of "thinking" is what a person waited for.
        this.put(merged(known, data), { born: ((known?.flags ?? 0) & ~data.flags & LOADING) !== 0 });
        break;
      }
      case "MESSAGE_DELETE":
        this.remove(data.channel_id, data.id);
        break;
      case "MESSAGE_DELETE_BULK":
        for (const id of data.ids) this.remove(data.channel_id, id);
        break;
      case "MESSAGE_REACTION_ADD":
        this._react(data, 1);
        break;
      case "MESSAGE_REACTION_REMOVE":
        this._react(data, -1);
        break;
      case "MESSAGE_REACTION_REMOVE_ALL":
        this._reactions(data, () => []);
        break;
    }
  }

  message(channelId, id) {
    return this._messages.get(channelId)?.get(id) ?? null;
  }

  /** The channel's messages, oldest first. */
  messagesOf(channelId) {
    return [...(this._messages.get(channelId)?.values() ?? [])].sort((a, b) => compareIds(a.id, b.id));
  }

  put(message, { born }) {
    this._meet(message.author);
    for (const user of message.mentions ?? []) this._meet(user);
    const messages = this._channel(message.channel_id);
    messages.set(message.id, message);
    this._witness(message.id);
    if (born && messages.size > MESSAGES_MAX) {
      const oldest = this.messagesOf(message.channel_id)[0];
      this.remove(message.channel_id, oldest.id);
    }
    this._tell("message", { channelId: message.channel_id, id: message.id, born });
  }

  remove(channelId, id) {
    this._witness(id);
    if (this._messages.get(channelId)?.delete(id)) this._tell("message", { channelId, id, born: false });
  }

  /** Notes the ids of all messages that change from now on, until it is dismissed. */
  witness() {
    const changed = new Set();
    this._witnesses.add(changed);
    return changed;
  }

  dismiss(changed) {
    this._witnesses.delete(changed);
  }

  /**
   * Takes in a page of history; `newest` when it ends at the present, so what it lacks is gone.
   * What changed while the page was on its way is newer than the page.
   */
  fill(channelId, page, { newest, changed }) {
    const messages = this._channel(channelId);
    if (newest) {
      const oldest = page.map((message) => message.id).sort(compareIds)[0] ?? "0";
      const present = new Set(page.map((message) => message.id));
      for (const [id, message] of messages) {
        const ours = message.local || (message.flags & EPHEMERAL) !== 0;
        if (!ours && !changed.has(id) && !present.has(id) && compareIds(id, oldest) > 0) messages.delete(id);
      }
    }
    for (const message of page) {
      this._meet(message.author);
      if (!changed.has(message.id)) messages.set(message.id, message);
    }
    this._tell("filled", { channelId });
  }

  _react(data, change) {
    const same = ({ emoji }) => (data.emoji.id ? emoji.id === data.emoji.id : emoji.name === data.emoji.name);
    this._reactions(data, (reactions) => {
      const known = reactions.some(same)
        ? reactions
        : [...reactions, { emoji: data.emoji, count: 0, me: false }];
      return known
        .map((reaction) => {
          if (!same(reaction)) return reaction;
          const me = data.user_id === this._me.id ? change > 0 : reaction.me;
          return { ...reaction, count: reaction.count + change, me };
        })
        .filter(({ count }) => count > 0);
    });
  }

  _reactions({ channel_id: channelId, message_id: id }, change) {
    const message = this.message(channelId, id);
    if (message !== null)
      this.put({ ...message, reactions: change(message.reactions ?? []) }, { born: false });
  }

  /** A message that answers a command of ours takes the place of its "Sending…" row. */
  _settleLocal(message) {
    if (message.nonce && this.message(message.channel_id, message.nonce)?.local) {
      this.remove(message.channel_id, message.nonce);
    }
  }

  _witness(id) {
    for (const changed of this._witnesses) changed.add(id);
  }

  _meet(user) {
    if (user?.id && !this.users.get(user.id)?.token) this.users.set(user.id, user);
  }

  _channel(channelId) {
    if (!this._messages.has(channelId)) this._messages.set(channelId, new Map());
    return this._messages.get(channelId);
  }

  _tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** An update may be partial, and cannot know which reactions are one's own: those have events of their own. */
function merged(known, update) {
  return known === null ? update : { ...known, ...update, reactions: known.reactions };
}
