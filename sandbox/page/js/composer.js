// Owns the foot of the chat: message field, Start of an empty chat, restart of a blocked one; sends through its hooks.

import { el, icon } from "./dom.js";

export class Composer {
  /** `hooks`: say(text), start(), restart(). */
  constructor(root, hooks) {
    this.root = root;
    this.hooks = hooks;
    this.drafts = new Map();
    this.mode = null;
  }

  /** Show what fits the chat's state, and this person's unsent words. */
  show({ person, empty, blocked }) {
    const mode = `${person}:${blocked ? "blocked" : empty ? "empty" : "open"}`;
    if (mode === this.mode) return;
    this.mode = mode;
    if (blocked) this.only("Restart bot", "restart", this.hooks.restart);
    else if (empty) this.only("Start", "start", this.hooks.start);
    else this.field(person);
  }

  only(text, testid, act) {
    this.root.replaceChildren(el("button", { class: "start", type: "button", text, testid, on: { click: act } }));
  }

  field(person) {
    const input = el("textarea", {
      rows: "1",
      placeholder: "Message",
      "aria-label": "Message",
      testid: "input",
      maxlength: "4096",
      enterkeyhint: "send",
      value: this.drafts.get(person) ?? "",
    });
    const send = el("button", { class: "send", type: "submit", testid: "send", "aria-label": "Send" }, icon("send"));
    const form = el("form", { class: "compose" }, input, send);
    const fit = () => {
      this.drafts.set(person, input.value);
      send.disabled = input.value.trim() === "";
      input.style.height = "auto";
      input.style.height = `${Math.min(input.scrollHeight, 140)}px`;
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (!text) return;
      input.value = "";
      fit();
      this.hooks.say(text);
    });
    input.addEventListener("input", fit);
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    this.root.replaceChildren(form);
    fit();
  }
}
