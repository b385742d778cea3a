/** The synced commands as a person finds them: subcommands flattened, searched by fragments of their names. */

const SUBCOMMAND = 1;
const SUBCOMMAND_GROUP = 2;
const GUILD_CONTEXT = 0;
export const SLASH = 1;
export const MESSAGE_MENU = 3;

/** The commands of one kind that this channel may use. */
export function commandsOf(index, type, channel) {
  return index.filter(
    (command) =>
      (command.type ?? SLASH) === type &&
      (!command.nsfw || channel?.nsfw) &&
      (!command.contexts || command.contexts.includes(GUILD_CONTEXT)),
  );
}

/** A command or option as a reader of this language sees it: `label` is its name, and `name` what is sent. */
export function localised(part, locale) {
  const inLanguage = (texts, text) => texts?.[locale] ?? text;
  return {
    ...part,
    label: inLanguage(part.name_localizations, part.name),
    description: inLanguage(part.description_localizations, part.description),
    options: part.options?.map((option) => localised(option, locale)),
    choices: part.choices?.map((one) => ({ ...one, name: inLanguage(one.name_localizations, one.name) })),
  };
}

/** One entry for each thing that can be called: {command, path, name: "budget set", label, description, options}. */
export function slashEntries(index, channel) {
  return commandsOf(index, SLASH, channel)
    .flatMap((command) => entriesIn(command, command, []))
    .sort((a, b) => a.name.localeCompare(b.name));
}

function entriesIn(command, part, path) {
  const inner = (part.options ?? []).filter(
    (option) => option.type === SUBCOMMAND || option.type === SUBCOMMAND_GROUP,
  );
  if (inner.length > 0) return inner.flatMap((option) => entriesIn(command, option, [...path, option]));
  const name = [command.name, ...path.map((option) => option.name)].join(" ");
  const label = [command, ...path].map((one) => one.label ?? one.name).join(" ");
  return [{ command, path, name, label, description: part.description, options: part.options ?? [] }];
}

/** A subcommand's options stand inside of its own, and its group's, option. */
export function nested(entry, options) {
  return entry.path.reduceRight((inner, { type, name }) => [{ type, name, options: inner }], options);
}

/** The items whose name has the query's letters in order, the closest first. */
export function search(items, query) {
  const wanted = query.trim().toLowerCase();
  if (wanted === "") return items;
  return items
    .map((item) => ({ item, rank: rankOf(item, wanted) }))
    .filter(({ rank }) => rank !== null)
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

/** By the name that is shown; who knows a command by its own name finds it by that too. */
function rankOf(item, wanted) {
  const ranks = [item.label ?? item.name, item.name].map((name) => rankBy(name, item, wanted));
  const found = ranks.filter((rank) => rank !== null);
  return found.length > 0 ? Math.min(...found) : null;
}

function rankBy(shown, item, wanted) {
  const name = shown.toLowerCase();
  if (name.startsWith(wanted)) return 0;
  if (name.split(/[\s_-]/).some((word) => word.startsWith(wanted))) return 1;
  if (name.includes(wanted)) return 2;
  let at = -1;
  const inOrder = [...wanted].every((letter) => (at = name.indexOf(letter, at + 1)) !== -1);
  if (inOrder) return 3;
  return (item.description ?? "").toLowerCase().includes(wanted) ? 4 : null;
}
