// Owns the sheet in which a payment of YooKassa is made, by card or SBP; must not know what is bought.

import { Refused, yookassa } from "./api.js";
import { el, icon } from "./dom.js";

const WAYS = [
  { name: "bank_card", title: "Bank card", note: "2202 •••• •••• 4477", mark: "plastic" },
  { name: "sbp", title: "SBP", note: "Confirmed in the app of your bank", mark: "sbp" },
];
const REASONS = { insufficient_funds: "The bank declined the payment", expired_on_confirmation: "The time to pay is over" };

/** Open the payment with this id: what it asks for, by card or SBP, or what became of it. */
export async function openYooKassa(overlay, id) {
  const { payments } = await yookassa.state();
  const payment = payments.find((one) => one.id === id);
  if (payment === undefined) {
    overlay.toast("YooKassa knows no such payment");
    return;
  }
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
  const body = payment.status === "pending" ? form(payment, overlay) : over(payment, overlay);
  overlay.open(
    "kassa",
    "Payment by card or SBP",
    el("div", { class: "sheet-head" }, icon("pay"), el("h4", { text: "yoomoney.ru" }), close),
    body,
  );
}

const rubles = ({ value }) =>
  `${new Intl.NumberFormat("en-GB", { minimumFractionDigits: 2 }).format(Number(value))} ₽`;

function form(payment, overlay) {
  const error = el("p", { class: "sheet-error", testid: "kassa-error", role: "alert", hidden: true });
  const pay = el("button", {
    class: "primary-button",
    type: "submit",
    testid: "kassa-pay",
    text: `Pay ${rubles(payment.amount)}`,
    autofocus: true,
  });
  const decline = el("button", {
    class: "kassa-decline",
    type: "button",
    testid: "kassa-decline",
    text: "Have the bank decline it",
    on: { click: () => act(() => yookassa.decline(payment.id)) },
  });
  const act = async (ask) => {
    for (const button of [pay, decline]) button.disabled = true;
    try {
      node.replaceWith(over(await ask(), overlay));
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      error.textContent = problem.message;
      error.hidden = false;
    } finally {
      for (const button of [pay, decline]) button.disabled = false;
    }
  };
  const submit = (event) => {
    event.preventDefault();
    act(() => yookassa.pay(payment.id, new FormData(node).get("way")));
  };
  const node = el(
    "form",
    { class: "kassa-form", on: { submit } },
    el("p", { class: "kassa-amount", testid: "kassa-amount", text: rubles(payment.amount) }),
    el("p", { class: "note", text: payment.description ?? "" }),
    el("fieldset", { class: "kassa-ways", "aria-label": "How to pay" }, ...WAYS.map(way)),
    error,
    pay,
    decline,
    el("p", { class: "kassa-foot", text: payment.test ? "A test shop: no money is taken" : "" }),
  );
  return node;
}

function way({ name, title, note, mark }, place) {
  const choice = { type: "radio", name: "way", value: name, testid: `kassa-${name}` };
  if (place === 0) choice.checked = true;
  return el(
    "label",
    { class: "kassa-way" },
    el("span", { class: `kassa-mark ${mark}`, "aria-hidden": "true" }),
    el("span", { class: "kassa-words" }, el("strong", { text: title }), el("small", { text: note })),
    el("input", choice),
  );
}

function over(payment, overlay) {
  const paid = payment.status === "succeeded";
  const words = paid ? "Paid" : (REASONS[payment.cancellation_details?.reason] ?? "The payment is cancelled");
  const done = { click: () => overlay.close() };
  return el(
    "div",
    { class: "wallet-result", testid: "kassa-result", role: "status" },
    el("span", { class: "result-mark" }, icon(paid ? "check" : "close")),
    el("strong", { text: words }),
    el("p", { text: paid ? `${rubles(payment.amount)} · ${payment.payment_method.title}` : rubles(payment.amount) }),
    el("button", { class: "primary-button", type: "button", text: "Back to the bot", testid: "kassa-done", on: done }),
  );
}
