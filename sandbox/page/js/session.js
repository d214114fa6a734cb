// Owns the conversation of the person in view: event stream, presses, answers; draws through chat and overlay only.

import { telegram } from "./api.js";

const PATIENCE_MS = 30_000;
const ACTION_MS = 5_500;
const ACTIONS = {
  typing: "typing…",
  upload_photo: "sending a photo…",
  upload_document: "sending a file…",
  record_voice: "recording…",
  choose_sticker: "choosing a sticker…",
};

export class Session {
  /** `hooks`: open(url), pay(message), copy(text), status(words), changed(), linked(alive), guard(promise). */
  constructor(chat, overlay, hooks) {
    this.chat = chat;
    this.overlay = overlay;
    this.hooks = hooks;
    this.person = null;
    this.waiting = new Map();
    this.answered = new Map();
    this.news = 0;
  }

  /** Put a person in view: draw the chat, then follow it. */
  async view(person) {
    this.stream?.close();
    this.person = person;
    this.waiting.clear();
    this.answered.clear();
    this.hooks.status(null);
    // A press must never meet the messages of the person before.
    this.chat.reset([], { sameChat: false });
    await this.catchUp({ sameChat: false });
    if (this.person === person) this.follow(person);
  }

  follow(person) {
    const stream = telegram.events(person);
    this.stream = stream;
    const on = (name, act) =>
      stream.addEventListener(name, (event) => {
        if (this.stream !== stream) return;
        this.news += 1;
        act(JSON.parse(event.data));
      });
    // What happened before the stream was open, now or after a break, is only in the chat itself.
    stream.addEventListener("open", () => {
      this.hooks.linked(true);
      this.hooks.guard(this.catchUp({ sameChat: true }));
    });
    stream.addEventListener("error", () => this.hooks.linked(false));
    on("message", (message) => {
      if (message.from === "bot") this.hooks.status(null);
      this.chat.put(message);
      this.hooks.changed();
    });
    on("edit", (message) => this.chat.put(message));
    on("delete", ({ id }) => {
      this.chat.remove(id);
      this.hooks.changed();
    });
    on("answer", (answer) => this.take(answer));
    on("action", ({ action }) => this.showAction(action));
  }

  async catchUp(options) {
    const { person, news } = this;
    const { bot, messages } = await telegram.chat(person);
    if (this.person !== person) return;
    // What came meanwhile is newer than what was looked up: it must not be taken back.
    if (this.news !== news) return this.catchUp(options);
    this.bot = bot;
    this.chat.reset(messages, options);
    this.hooks.changed();
  }

  showAction(action) {
    clearTimeout(this.actionTimer);
    this.hooks.status(ACTIONS[action] ?? "typing…");
    this.actionTimer = setTimeout(() => this.hooks.status(null), ACTION_MS);
  }

  async press(message, button, row, column) {
    if (button.kind === "url" || button.kind === "web_app") this.hooks.open(button.url);
    else if (button.kind === "copy") this.hooks.copy(button.copy ?? "");
    else if (button.kind === "callback") await this.click(message, row, column);
    else if (button.kind === "pay") await this.hooks.pay(message);
    else this.overlay.toast("This sandbox has no other chats to choose from");
  }

  async click(message, row, column) {
    const spin = (busy) => this.chat.spin(message, row, column, busy);
    spin(true);
    try {
      const { query_id: query } = await telegram.click(this.person, message, row, column);
      if (this.answered.has(query)) spin(false);
      else this.waiting.set(query, { spin, timer: setTimeout(() => this.giveUp(query), PATIENCE_MS) });
    } catch (error) {
      spin(false);
      throw error;
    }
  }

  giveUp(query) {
    this.waiting.get(query)?.spin(false);
    this.waiting.delete(query);
  }

  take(answer) {
    const waiting = this.waiting.get(answer.query_id);
    // The answer may overtake the answer to the click itself.
    this.answered.set(answer.query_id, true);
    if (waiting) clearTimeout(waiting.timer);
    this.giveUp(answer.query_id);
    if (answer.url) this.hooks.open(answer.url);
    else if (answer.text && answer.alert) this.overlay.alert(answer.text, this.bot.first_name);
    else if (answer.text) this.overlay.toast(answer.text);
  }
}
