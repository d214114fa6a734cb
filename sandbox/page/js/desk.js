// Owns the card of the operators' group: its topics, what stands in one, an answer, its end; must not know the bot.

import { telegram } from "./api.js";
import { el } from "./dom.js";

const KINDS = { document: "📄 file", voice: "🎤 voice message" };

export class DeskCard {
  /** The card is there once the world has a group with topics. */
  constructor(card, guard) {
    this.card = card;
    this.guard = guard;
    this.thread = null;
    this.topics = el("select", {
      "aria-label": "Topic",
      testid: "desk-topics",
      on: {
        change: () => {
          this.thread = Number(this.topics.value);
          guard(this.refresh());
        },
      },
    });
    this.close = el("button", {
      type: "button",
      testid: "desk-close",
      text: "Close",
      on: { click: () => guard(this.act("/close")) },
    });
    this.log = el("div", { class: "desk-log", testid: "desk-log", role: "log", "aria-label": "Topic", tabindex: "0" });
    this.empty = el("p", { class: "note", text: "Nobody has written to support yet." });
    card.append(el("div", { class: "desk-head" }, this.topics, this.close), this.log, this.empty, this.form());
  }

  async refresh() {
    const group = (await telegram.groups()).find((one) => one.kind === "supergroup");
    this.card.hidden = group === undefined;
    if (group === undefined) return;
    const seen = JSON.stringify([group, this.thread]);
    // A list that is rebuilt while somebody chooses from it closes under the finger.
    if (this.drawn === seen) return;
    this.drawn = seen;
    this.group = group;
    if (!group.topics.some((topic) => topic.id === this.thread)) this.thread = group.topics.at(-1)?.id ?? null;
    this.draw();
  }

  draw() {
    const { topics, messages } = this.group;
    const none = this.thread === null;
    this.topics.replaceChildren(...topics.map((topic) => this.option(topic)));
    for (const node of [this.topics, this.close, this.log, this.answer]) node.hidden = none;
    this.empty.hidden = !none;
    this.log.replaceChildren(...messages.filter((one) => one.thread === this.thread).map(line));
    this.log.scrollTop = this.log.scrollHeight;
  }

  option({ id, name, closed }) {
    return el("option", { value: id, text: closed ? `${name} (closed)` : name, selected: id === this.thread });
  }

  form() {
    const words = el("input", {
      placeholder: "Answer as an operator",
      "aria-label": "Answer as an operator",
      testid: "desk-answer",
      required: true,
    });
    const submit = async (event) => {
      event.preventDefault();
      await this.guard(this.act(words.value));
      words.value = "";
    };
    const send = el("button", { type: "submit", text: "Send", testid: "desk-send" });
    this.answer = el("form", { class: "join", on: { submit } }, words, send);
    return this.answer;
  }

  async act(text) {
    await telegram.answer(this.group.id, this.group.members[0], this.thread, text);
    await this.refresh();
  }
}

function line(message) {
  if (message.happening) return el("p", { class: "desk-news", text: `topic ${message.happening}` });
  const words = [message.photo ? "🖼 photo" : KINDS[message.file], message.text].filter(Boolean).join(" ");
  return el(
    "p",
    { class: message.who === "bot" ? "desk-line" : "desk-line own", testid: "desk-message" },
    el("small", { text: message.who }),
    el("span", { text: words }),
  );
}
