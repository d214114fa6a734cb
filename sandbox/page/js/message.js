// Owns one message bubble: making it and changing it in place, part by part, so that an edit does not flicker.

import { el } from "./dom.js";
import { keyboard } from "./keyboard.js";
import { render } from "./richtext.js";

const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export class Bubble {
  constructor(message, hooks) {
    this.hooks = hooks;
    this.shown = {};
    this.body = el("div", { class: "text" });
    this.photo = el("div", { class: "photo", hidden: true });
    this.invoice = el("div", { class: "invoice", hidden: true });
    this.meta = el("span", { class: "meta" });
    this.bubble = el("div", { class: "bubble" }, this.photo, this.invoice, this.body, this.meta);
    this.keys = el("div", { class: "keys-slot" });
    this.node = el(
      "article",
      { class: `message ${message.service ? "service" : message.from}`, testid: "message", "data-id": message.id },
      this.bubble,
      this.keys,
    );
    this.update(message);
  }

  /** Bring the bubble up to the message; parts that did not change keep their nodes. */
  update(message) {
    this.message = message;
    this.part("html", message.html, (html) => this.body.replaceChildren(render(html)));
    this.part("photo", message.photo, (path) => this.showPhoto(path));
    this.part("buttons", message.buttons ?? [], (rows) =>
      this.keys.replaceChildren(
        ...(rows.length ? [keyboard(rows, (...press) => this.hooks.press(message.id, ...press))] : []),
      ),
    );
    this.part("invoice", message.invoice, (invoice) => this.showInvoice(invoice));
    this.part("meta", [message.date, message.edited], ([date, edited]) => this.showMeta(date, edited));
    this.node.classList.toggle("with-photo", Boolean(message.photo));
    this.node.classList.toggle("with-keys", Boolean(message.buttons?.length));
    this.bubble.classList.toggle("textless", !message.html);
  }

  part(name, value, draw) {
    const seen = JSON.stringify(value ?? null);
    if (this.shown[name] === seen) return;
    this.shown[name] = seen;
    draw(value);
  }

  showPhoto(path) {
    this.photo.hidden = !path;
    if (!path) {
      this.photo.replaceChildren();
      return;
    }
    const image = el("img", {
      src: `/telegram${path.replace(/^\/sim/, "")}`,
      alt: "Photo",
      testid: "qr",
      tabindex: "0",
      role: "button",
    });
    // The old photo stays until the new one can be painted whole.
    image
      .decode()
      .catch(() => undefined)
      .then(() => {
        if (this.message.photo !== path) return;
        this.photo.replaceChildren(image);
        // A QR that has to grow keeps hard edges; one that has to shrink needs the smoothing.
        image.classList.toggle("grows", image.naturalWidth < image.clientWidth * devicePixelRatio);
        this.hooks.grown();
      });
  }

  showInvoice(invoice) {
    this.invoice.hidden = !invoice;
    if (!invoice) return;
    const price = `${invoice.total_amount ?? ""} ${invoice.currency === "XTR" ? "⭐" : (invoice.currency ?? "")}`;
    this.invoice.replaceChildren(
      el("strong", { text: invoice.title ?? "Invoice" }),
      el("p", { text: invoice.description ?? "" }),
      el("span", { class: "price", text: price }),
    );
  }

  showMeta(date, edited) {
    const at = new Date(date * 1000);
    const time = el("time", { datetime: at.toISOString(), text: TIME.format(at) });
    const ticks =
      this.message.from === "person" ? el("span", { class: "ticks", text: "✓✓", "aria-hidden": "true" }) : null;
    this.meta.replaceChildren(
      ...[edited ? el("span", { class: "edited", text: "edited " }) : null, time, ticks].filter(Boolean),
    );
  }
}
