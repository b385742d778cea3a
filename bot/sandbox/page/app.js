/** Puts the page together: who one is, which channel one sees, and which part tells which other. */

import { localised } from "./commands.js";
import { Composer } from "./composer.js";
import { openChooser, defaultValues } from "./chooser.js";
import { displayName, icon } from "./elements.js";
import { Faults } from "./faults.js";
import { bindKeys } from "./keys.js";
import { messageMenu } from "./messagemenu.js";
import { Messages } from "./messages.js";
import { Modal } from "./modal.js";
import { Notices } from "./notices.js";
import { placeAddress, readPlace, writePlace } from "./place.js";
import { Presses } from "./presses.js";
import { Rest } from "./rest.js";
import { Scrollback } from "./scrollback.js";
import { Session } from "./session.js";
import { Sidebar } from "./sidebar.js";
import { Suggestions } from "./suggestions.js";
import { countRelativeTimes } from "./timestamps.js";
import { bindUploads } from "./uploads.js";
import { Watch } from "./watch.js";

const byId = (id) => document.getElementById(id);

const sandbox = new Rest({ base: `${location.origin}/sandbox` });
const notices = new Notices(byId("notices"));
const world = await sandbox.get("/world");
const sessions = new Map();
const unread = new Map(world.members.map((member) => [member.id, new Set()]));
let session = null;
let channel = null;

const scrollback = new Scrollback({
  scroller: byId("scroller"),
  list: byId("messages"),
  newest: byId("newest"),
});
const messages = new Messages({
  list: byId("messages"),
  empty: byId("empty"),
  announcer: byId("announcer"),
  scrollback,
  address: safeAddress,
});
const presses = new Presses({
  list: byId("messages"),
  find: (id) => session.store.message(channel.id, id),
  leads: (id) => session.store.channels.has(id),
});
const modal = new Modal(byId("modal"));
const sidebar = new Sidebar({ channels: byId("channels"), members: byId("members") });
const faults = new Faults({ place: byId("faults-list"), rest: sandbox, notices });
const watch = new Watch({ sandbox, world, faults, state: byId("bot-state") });
const composer = new Composer({
  form: byId("composer"),
  input: byId("composer-input"),
  entryPlace: byId("entry"),
  drafts: byId("drafts"),
  picker: byId("picker"),
  suggestions: new Suggestions(byId("suggestions")),
  notices,
  loadCommands,
});

/** An address that may be shown: http and https alone; the sandbox's own, as this page reaches it. */
function safeAddress(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  // Through a tunnel or a container's port the page has another origin than the server knows of.
  if (url.origin === new URL(world.page_url).origin) return location.origin + url.pathname + url.search;
  return url.href;
}

function sessionOf(member) {
  if (!sessions.has(member.id)) sessions.set(member.id, opened(member));
  return sessions.get(member.id);
}

function opened(member) {
  const fresh = new Session({
    world,
    member,
    apiUrl: `${location.origin}/api/v10`,
    gatewayUrl: `${location.origin.replace(/^http/, "ws")}/gateway`,
  });
  const current = () => fresh === session;
  fresh.store.addEventListener("channels", () => current() && enterChannel(readPlace().channelName));
  fresh.store.addEventListener(
    "filled",
    ({ detail }) => current() && detail.channelId === channel?.id && messages.changed(),
  );
  fresh.store.addEventListener("message", ({ detail }) => messageChanged(fresh, detail));
  fresh.interactions.addEventListener("press", () => current() && messages.changed());
  fresh.interactions.addEventListener("modal", ({ detail }) => current() && openModal(fresh, detail));
  fresh.gateway.addEventListener("state", () => current() && showConnection());
  fresh.gateway.addEventListener("dispatch", ({ detail }) => {
    // A session that could not be resumed may have missed messages.
    if (detail.name === "READY" && current() && channel !== null) loadNewest();
  });
  return fresh;
}

function messageChanged(from, { channelId, id, born }) {
  const message = from.store.message(channelId, id);
  if (from === session && channelId === channel?.id) {
    messages.changed();
    if (born && message !== null) messages.announce(message);
  } else if (born) {
    unread.get(from.member.id).add(channelId);
    showSidebar();
  }
}

function become(memberId) {
  const member = world.members.find((candidate) => candidate.id === memberId) ?? world.members[0];
  session = sessionOf(member);
  channel = null;
  byId("language").value = member.locale;
  document.title = `${displayName(member)} · ${world.guild.name}`;
  showConnection();
  showSidebar();
  if (session.store.channels.size > 0) enterChannel(readPlace().channelName);
}

/** Enters the channel of this name, or the first that one may see; done when its messages are there. */
function enterChannel(name) {
  const visible = channelsInOrder();
  const found = visible.find((candidate) => candidate.name === name) ?? visible[0];
  if (found === undefined || found.id === channel?.id) {
    showSidebar();
    return Promise.resolve();
  }
  channel = found;
  unread.get(session.member.id).delete(channel.id);
  writePlace({ username: session.member.username, channelName: channel.name });
  byId("channel-name").replaceChildren(icon("hash"), channel.name);
  byId("channel-topic").textContent = channel.topic ?? (channel.nsfw ? "Age-restricted" : "");
  byId("messages").setAttribute("aria-label", `Messages in #${channel.name}`);
  openSide(false);
  showSidebar();
  messages.show(session, channel.id);
  composer.show(session, channel);
  return loadNewest();
}

function loadNewest() {
  const [from, id] = [session, channel.id];
  return notices.attempt(() => from.loadNewest(id));
}

/** Goes to a channel, and there to a message if one is named. */
async function visit({ channelId, messageId }) {
  await enterChannel(session.store.channels.get(channelId)?.name);
  if (messageId !== null && !messages.goTo(messageId)) notices.say("That message is gone, or too far up.");
}

function channelsInOrder() {
  return [...session.store.channels.values()].sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
}

function showSidebar() {
  const addressOf = ({ name }) => placeAddress({ username: session.member.username, channelName: name });
  sidebar.showChannels(channelsInOrder(), {
    currentId: channel?.id,
    unread: unread.get(session.member.id),
    addressOf,
  });
  const waiting = new Set([...unread].filter(([, channels]) => channels.size > 0).map(([id]) => id));
  sidebar.showMembers(world.members, { currentId: session.member.id, unread: waiting });
}

function showConnection() {
  const { state } = session.gateway;
  byId("connection").hidden = state === "ready";
  byId("connection").textContent =
    state === "lost" ? "The connection was lost. Trying again…" : "Connecting…";
}

function openModal(from, detail) {
  let spoilers = 0;
  const spoiler = () => ({ key: `modal:${(spoilers += 1)}`, revealed: true });
  modal.open(detail, {
    session: from,
    view: { names: from.store.names, address: safeAddress, spoiler },
    submit: (components, files) => from.interactions.submit(detail, components, files),
  });
}

const commandCache = { session: null, at: 0, index: [] };

/** The synced commands, read anew when the last reading is older than a moment. */
async function loadCommands() {
  const asking = session;
  if (commandCache.session !== asking || Date.now() - commandCache.at > 1500) {
    await notices.attempt(async () => {
      const { application_commands: index } = await asking.rest.get(
        `/guilds/${world.guild.id}/application-command-index`,
      );
      const read = index.map((command) => localised(command, asking.member.locale));
      Object.assign(commandCache, { session: asking, at: Date.now(), index: read });
    });
  }
  return commandCache.session === asking ? commandCache.index : [];
}

const on = (source, name, act) => source.addEventListener(name, ({ detail }) => act(detail));

on(presses, "press", ({ message, component }) => session.interactions.press(message, component));
on(presses, "choose", ({ message, component, anchor }) => {
  const onDone = (values) => session.interactions.press(message, component, values);
  openChooser({ anchor, component, store: session.store, chosen: defaultValues(component), onDone });
});
on(presses, "menu", (detail) => messageMenu({ ...detail, session, notices, loadCommands }));
on(presses, "react", ({ message, emoji, on: wanted }) =>
  notices.attempt(() => session.react(message, emoji, wanted)),
);
on(
  presses,
  "stale",
  ({ message }) => !message.local && notices.attempt(() => session.refresh(message.channel_id, message.id)),
);
on(scrollback, "older", () => channel !== null && notices.attempt(() => session.loadOlder(channel.id)));
on(presses, "visit", visit);
on(presses, "reveal", ({ key }) => messages.reveal(key));
on(presses, "dismiss", ({ message }) => session.store.remove(message.channel_id, message.id));
on(presses, "command", ({ name }) => composer.startNamed(name));
on(composer, "sent", () => scrollback.toEnd());
on(composer, "up", () => messages.focusLast());
on(sidebar, "channel", ({ id }) => {
  enterChannel(session.store.channels.get(id)?.name);
  composer.focus();
});
on(sidebar, "member", ({ id }) => become(id));
on(faults, "count", (count) => {
  byId("faults-count").textContent = String(count);
  byId("faults-count").hidden = count === 0;
});

/** What Discord tells the bot of this member with everything they do from here on. */
byId("language").addEventListener("change", ({ target }) =>
  notices.attempt(async () => {
    const { member } = session;
    const locale = target.value; // by the time of the answer somebody else may be chosen, with their own
    await sandbox.call("POST", `/members/${member.id}`, { body: { locale } });
    member.locale = locale;
    commandCache.session = null;
    composer.focus();
  }),
);

function stepChannel(delta) {
  const visible = channelsInOrder();
  const at = visible.findIndex((candidate) => candidate.id === channel?.id);
  enterChannel(visible[(at + delta + visible.length) % visible.length]?.name);
  composer.focus();
}

bindKeys({
  commands: () => composer.openCommands(),
  compose: () => composer.focus(),
  channel: stepChannel,
  member: (number) => world.members[number] && become(world.members[number].id),
});
bindUploads({
  overlay: byId("drop"),
  hasPlace: () => !modal.isOpen,
  take: (files) => (modal.isOpen ? modal.takeFiles(files) : composer.takeFiles(files)),
});

for (const [id, name] of [
  ["attach", "plus"],
  ["send", "send"],
  ["side-toggle", "menu"],
  ["faults-close", "close"],
])
  byId(id).append(icon(name));
byId("attach").addEventListener("click", () => byId("picker").click());
byId("guild-name").textContent = world.guild.name;

function toggleFaults(open) {
  byId("faults").hidden = !open;
  byId("faults-toggle").setAttribute("aria-expanded", String(open));
  byId(open ? "faults-close" : "faults-toggle").focus();
  if (open) notices.attempt(() => faults.refresh());
}
byId("faults-toggle").addEventListener("click", () => toggleFaults(byId("faults").hidden));
byId("faults-close").addEventListener("click", () => toggleFaults(false));

/** On a narrow screen the side lies above the channel; a press beside it closes it. */
function openSide(open) {
  document.body.classList.toggle("side-open", open);
  byId("side-toggle").setAttribute("aria-expanded", String(open));
}
byId("side-toggle").addEventListener("click", () => openSide(!document.body.classList.contains("side-open")));
byId("shade").addEventListener("click", () => openSide(false));
window.addEventListener("hashchange", () => {
  const { username, channelName } = readPlace();
  const member = world.members.find((candidate) => candidate.username === username);
  if (member !== undefined && member !== session.member) become(member.id);
  else enterChannel(channelName);
});

countRelativeTimes(document);
watch.start();
become(world.members.find((member) => member.username === readPlace().username)?.id);
composer.focus();
