// Owns what lies over the chat: sheets, the alert, the photo view, toasts; one at a time, Escape closes.

import { el } from "./dom.js";

const TOAST_MS = 4000;

export class Overlay {
  constructor(root, screen, toastNode) {
    this.root = root;
    this.screen = screen;
    this.toastNode = toastNode;
    root.addEventListener("click", (event) => event.target === root && this.close());
    root.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
  }

  /** Lay a dialog over the chat and move the focus into it; the one before goes. */
  open(kind, label, ...content) {
    if (this.root.hidden) this.before = document.activeElement;
    const dialog = el(
      "div",
      {
        class: `dialog ${kind}`,
        role: kind === "alert" ? "alertdialog" : "dialog",
        "aria-modal": "true",
        "aria-label": label,
        tabindex: "-1",
        testid: kind,
      },
      ...content,
    );
    this.root.replaceChildren(dialog);
    this.root.hidden = false;
    this.screen.inert = true;
    (dialog.querySelector("[autofocus]") ?? dialog).focus();
    return dialog;
  }

  close() {
    this.root.hidden = true;
    this.root.replaceChildren();
    this.screen.inert = false;
    this.before?.focus?.();
  }

  alert(text, title) {
    const ok = el("button", {
      class: "alert-ok",
      type: "button",
      text: "OK",
      testid: "alert-ok",
      autofocus: true,
      on: { click: () => this.close() },
    });
    this.open("alert", title, el("h4", { text: title }), el("p", { text }), ok);
  }

  photo(source) {
    const close = el("button", {
      class: "photo-close",
      type: "button",
      text: "Close",
      autofocus: true,
      on: { click: () => this.close() },
    });
    this.open("viewer", "Photo", el("img", { src: source, alt: "Photo", on: { click: () => this.close() } }), close);
  }

  toast(text) {
    clearTimeout(this.toastTimer);
    this.toastNode.textContent = text;
    this.toastNode.hidden = false;
    this.toastTimer = setTimeout(() => {
      this.toastNode.hidden = true;
    }, TOAST_MS);
  }
}
