// Owns the people card: who there is, who is in view, blocking, joining; and unread counts of those not in view.

import { telegram } from "./api.js";
import { avatar, el, toggle } from "./dom.js";

const LANGUAGES = [
  ["ru", "Русский"],
  ["en", "English"],
  ["de", "Deutsch"],
  ["fa", "فارسی"],
];

export class PeopleCard {
  /** `hooks`: view(person), guard(promise), refresh(). */
  constructor(card, hooks) {
    this.hooks = hooks;
    this.seen = new Map();
    this.unread = new Map();
    this.list = el("div", { class: "people-list" });
    this.block = toggle({
      label: "Blocks the bot",
      testid: "block",
      flip: (on) => hooks.guard(telegram.block(this.current, on).then(hooks.refresh)),
    });
    card.append(this.list, this.block.node, this.joinForm());
  }

  /** Draw what was true at `asked` (performance.now()). */
  show(people, current, asked) {
    const inView = people.find((person) => person.id === current);
    this.block.set(Boolean(inView?.blocked), asked);
    this.people = people;
    this.current = current;
    const seen = JSON.stringify([people, current, [...this.unread]]);
    // A row that is rebuilt under a finger loses the press.
    if (this.drawn === seen) return;
    this.drawn = seen;
    this.list.replaceChildren(...people.map((person) => this.row(person)));
    this.block.node.querySelector(".switch-words span").textContent =
      `${inView?.first_name ?? "Nobody"} blocks the bot`;
  }

  row(person) {
    const count = person.id === this.current ? 0 : (this.unread.get(person.id) ?? 0);
    return el(
      "button",
      {
        class: "person-row",
        type: "button",
        testid: `person-${person.first_name}`,
        "data-id": person.id,
        "aria-pressed": String(person.id === this.current),
        on: { click: () => this.hooks.view(person.id) },
      },
      avatar(person),
      el(
        "span",
        { class: "person-words" },
        el("strong", { text: person.first_name }),
        el("small", { text: about(person) }),
      ),
      count > 0 ? el("span", { class: "unread", text: String(count), "aria-label": `${count} unread` }) : null,
    );
  }

  /** Count what the bot sent to those who are not in view. */
  async count() {
    for (const { id } of this.people ?? []) {
      const { messages } = await telegram.chat(id);
      const newest = messages.at(-1)?.id ?? 0;
      if (id === this.current || !this.seen.has(id)) this.seen.set(id, newest);
      this.unread.set(
        id,
        messages.filter((message) => message.from === "bot" && message.id > this.seen.get(id)).length,
      );
    }
    if (this.people) this.show(this.people, this.current, 0);
  }

  joinForm() {
    const name = el("input", {
      placeholder: "New person",
      "aria-label": "Name of the new person",
      testid: "join-name",
      maxlength: "64",
      required: true,
    });
    const language = el(
      "select",
      { "aria-label": "Language", testid: "join-language" },
      ...LANGUAGES.map(([code, text]) => el("option", { value: code, text })),
    );
    const form = el(
      "form",
      { class: "join" },
      name,
      language,
      el("button", { type: "submit", text: "Add", testid: "join" }),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.hooks.guard(this.join(name, language));
    });
    return form;
  }

  async join(name, language) {
    const person = await telegram.join(name.value.trim(), language.value);
    name.value = "";
    await this.hooks.refresh();
    await this.hooks.view(person.id);
  }
}

function about(person) {
  const words = [person.language_code ?? "no language"];
  if (person.username) words.push(`@${person.username}`);
  if (person.blocked) words.push("has blocked the bot");
  return words.join(" · ");
}
