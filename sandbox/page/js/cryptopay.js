// Owns the sheet in which an invoice of CryptoBot is paid; must not know what is bought.

import { Refused, cryptopay } from "./api.js";
import { el, icon } from "./dom.js";

/** Open the invoice with this hash: what it asks for, in which coin to pay it, or what became of it. */
export async function openCryptoPay(overlay, hash) {
  const { bot, invoices } = await cryptopay.state();
  const invoice = invoices.find((one) => one.hash === hash);
  if (invoice === undefined) {
    overlay.toast(`@${bot} knows no such invoice`);
    return;
  }
  const close = el(
    "button",
    {
      class: "icon-button sheet-close",
      type: "button",
      "aria-label": "Close CryptoBot",
      on: { click: () => overlay.close() },
    },
    icon("close"),
  );
  const body = invoice.status === "active" ? form(invoice, overlay) : over(invoice, overlay);
  overlay.open(
    "crypto",
    `@${bot}`,
    el("div", { class: "sheet-head" }, icon("wallet"), el("h4", { text: `@${bot}` }), close),
    body,
  );
}

const asked = (invoice) => `${invoice.amount} ${invoice.fiat ?? invoice.asset}`;

function form(invoice, overlay) {
  const asset = el(
    "select",
    { "aria-label": "Coin", testid: "crypto-asset", autofocus: true },
    ...Object.entries(invoice.costs).map(([name, cost]) => el("option", { value: name, text: `${cost} ${name}` })),
  );
  const error = el("p", { class: "sheet-error", testid: "crypto-error", role: "alert", hidden: true });
  const button = el("button", { class: "primary-button", type: "submit", testid: "crypto-pay", text: "Pay" });
  const submit = (event) => {
    event.preventDefault();
    pay(node, invoice, { asset, error, button }, overlay);
  };
  const node = el(
    "form",
    { class: "wallet-form", on: { submit } },
    el("p", { class: "amount", testid: "crypto-amount", text: asked(invoice) }),
    el("p", { class: "note", text: invoice.description ?? "" }),
    el("label", { class: "wallet-row" }, el("span", { text: "Pay with" }), asset),
    error,
    button,
  );
  return node;
}

async function pay(node, invoice, { asset, error, button }, overlay) {
  button.disabled = true;
  try {
    const paid = await cryptopay.pay(invoice.hash, asset.value);
    node.replaceWith(over(paid, overlay));
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    error.textContent = problem.message;
    error.hidden = false;
  } finally {
    button.disabled = false;
  }
}

function over(invoice, overlay) {
  const paid = invoice.status === "paid";
  const words = paid ? `${invoice.paid_amount} ${invoice.paid_asset} sent` : "This invoice has expired";
  const done = { click: () => overlay.close() };
  return el(
    "div",
    { class: "wallet-result", testid: "crypto-result", role: "status" },
    el("span", { class: "result-mark" }, icon(paid ? "check" : "close")),
    el("strong", { text: words }),
    el("p", { text: asked(invoice) }),
    el("button", { class: "primary-button", type: "button", text: "Done", testid: "crypto-done", on: done }),
  );
}
