// Owns the sheet that pays an invoice with Stars: what is asked, a Pay button, how it went; must not know who asks.

import { telegram } from "./api.js";
import { el, icon } from "./dom.js";

const stars = (count) => `${new Intl.NumberFormat("en-GB").format(count)} ⭐`;

/** Open the sheet for `asked` ({message_id} or {link}), paid by `person`. */
export async function openStars(overlay, person, asked) {
  const invoice = await telegram.invoice(person, asked);
  const error = el("p", { class: "sheet-error", testid: "stars-error", role: "alert", hidden: true });
  const button = el("button", {
    class: "primary-button",
    type: "button",
    testid: "stars-pay",
    text: `Pay ${stars(invoice.total_amount)}`,
    autofocus: true,
    on: { click: () => pay(overlay, person, asked, { body, button, error, invoice }) },
  });
  const body = el(
    "div",
    { class: "stars-body" },
    el("span", { class: "stars-mark", "aria-hidden": "true", text: "⭐" }),
    el("strong", { text: invoice.title, testid: "stars-title" }),
    el("p", { text: invoice.description }),
    el("p", { class: "stars-price", text: stars(invoice.total_amount), testid: "stars-price" }),
    error,
    button,
    el("p", { class: "stars-balance", text: `Your balance: ${stars(invoice.balance)}` }),
  );
  overlay.open("stars", "Payment in Stars", head(overlay), body);
}

function head(overlay) {
  const close = el(
    "button",
    {
      class: "icon-button sheet-close",
      type: "button",
      "aria-label": "Close the payment",
      on: { click: () => overlay.close() },
    },
    icon("close"),
  );
  return el("div", { class: "sheet-head" }, icon("pay"), el("h4", { text: "Payment in Stars" }), close);
}

async function pay(overlay, person, asked, sheet) {
  sheet.button.disabled = true;
  sheet.error.hidden = true;
  try {
    const done = await telegram.pay(person, asked);
    if (done.paid) succeed(overlay, sheet, done);
    else refuse(sheet, done.error);
  } catch (problem) {
    refuse(sheet, problem.message);
  } finally {
    sheet.button.disabled = false;
  }
}

function refuse(sheet, words) {
  sheet.error.textContent = words;
  sheet.error.hidden = false;
}

function succeed(overlay, sheet, done) {
  const close = el("button", {
    class: "primary-button",
    type: "button",
    text: "Done",
    testid: "stars-done",
    on: { click: () => overlay.close() },
  });
  sheet.body.replaceChildren(
    el("span", { class: "result-mark" }, icon("check")),
    el("strong", { text: `${stars(sheet.invoice.total_amount)} paid`, testid: "stars-result", role: "status" }),
    el("p", { text: sheet.invoice.title }),
    close,
    el("p", { class: "stars-balance", text: `Your balance: ${stars(done.balance)}` }),
  );
  close.focus();
}
