// Owns the list of messages of the person in view: order, day marks, scrolling, leaving; must not send anything.

import { el, icon } from "./dom.js";
import { spin } from "./keyboard.js";
import { Bubble } from "./message.js";

const LEAVE_MS = 240;
const NEAR_END_PX = 90;
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long" });
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class Chat {
  /** `hooks.press(messageId, button, row, column)` is called when a key of a message is pressed. */
  constructor(list, toBottom, hooks) {
    this.list = list;
    this.toBottom = toBottom;
    this.hooks = { ...hooks, grown: () => this.stick() };
    this.bubbles = new Map();
    this.atEnd = true;
    toBottom.append(icon("down"));
    toBottom.addEventListener("click", () => this.scrollToEnd(true));
    list.addEventListener("scroll", () => this.noteScroll(), { passive: true });
    new ResizeObserver(() => this.stick()).observe(list);
  }

  get empty() {
    return this.bubbles.size === 0;
  }

  /** Take over another person's chat, or the same one after a gap: what is still there keeps its node. */
  reset(messages, { sameChat }) {
    if (!sameChat) {
      this.bubbles.clear();
      this.list.replaceChildren();
      this.atEnd = true;
    }
    const kept = new Set(messages.map((message) => message.id));
    for (const id of [...this.bubbles.keys()]) if (!kept.has(id)) this.remove(id);
    for (const message of messages) this.put(message, { quiet: !sameChat });
    this.arrange();
    if (!sameChat) this.scrollToEnd(false);
  }

  /** Show a new message, or bring a known one up to date. */
  put(message, { quiet = false } = {}) {
    const known = this.bubbles.get(message.id);
    if (known) {
      known.update(message);
      this.stick();
      return;
    }
    const bubble = new Bubble(message, this.hooks);
    if (!quiet) bubble.node.classList.add("arriving");
    this.bubbles.set(message.id, bubble);
    this.list.append(bubble.node);
    if (message.from === "person") this.atEnd = true;
    if (quiet) return;
    this.arrange();
    this.stick(true);
  }

  remove(id) {
    const bubble = this.bubbles.get(id);
    if (!bubble) return;
    this.bubbles.delete(id);
    const { node } = bubble;
    node.style.height = `${node.offsetHeight}px`;
    node.inert = true;
    requestAnimationFrame(() => node.classList.add("leaving"));
    setTimeout(
      () => {
        node.remove();
        this.arrange();
      },
      calm.matches ? 0 : LEAVE_MS,
    );
  }

  spin(id, row, column, busy) {
    spin(this.bubbles.get(id)?.node, row, column, busy);
  }

  arrange() {
    let before = null;
    this.list.querySelectorAll(".day").forEach((mark) => mark.remove());
    for (const { node, message } of this.bubbles.values()) {
      const day = DAY.format(message.date * 1000);
      if (before?.day !== day) node.before(el("div", { class: "day" }, el("span", { text: day })));
      before?.node.classList.toggle("tail", before.from !== message.from || before.day !== day);
      before = { node, day, from: message.from };
    }
    before?.node.classList.add("tail");
  }

  noteScroll() {
    this.atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_END_PX;
    this.toBottom.hidden = this.atEnd;
  }

  stick(smooth = false) {
    if (this.atEnd) this.scrollToEnd(smooth);
    else this.toBottom.hidden = false;
  }

  scrollToEnd(smooth) {
    this.atEnd = true;
    this.list.scrollTo({ top: this.list.scrollHeight, behavior: smooth && !calm.matches ? "smooth" : "instant" });
  }
}
