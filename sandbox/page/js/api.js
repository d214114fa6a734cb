// Owns the requests to the console; must not touch the page.

export class Refused extends Error {}

async function ask(method, path, body) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await answer.text();
  const json = parsed(text);
  if (!answer.ok) throw new Refused(reason(json, text) || `${method} ${path} answered ${answer.status}`);
  return json;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function reason(json, text) {
  if (json === null) return text.slice(0, 200);
  return json.error ?? json.description ?? json.detail;
}

const get = (path) => ask("GET", path);
const post = (path, body = {}) => ask("POST", path, body);

export const world = () => get("/world");
export const advance = (seconds) => post("/clock", { seconds });
export const bot = (action) => post("/bot", { action });

export const telegram = {
  chat: (person) => get(`/telegram/chat?person=${person}`),
  say: (person, text) => post("/telegram/message", { person, text }),
  start: (person, payload = "") => post("/telegram/start", { person, payload }),
  click: (person, message_id, row, column) => post("/telegram/click", { person, message_id, row, column }),
  block: (person, blocked) => post("/telegram/block", { person, blocked }),
  join: (first_name, language_code) => post("/telegram/people", { first_name, language_code }),
  invoice: (person, asked) => get(`/telegram/invoice?${new URLSearchParams({ person, ...asked })}`),
  pay: (person, asked) => post("/telegram/pay", { person, ...asked }),
  groups: () => get("/telegram/groups"),
  answer: (group, person, thread, text) => post("/telegram/group/message", { group, person, thread, text }),
  events: (person) => new EventSource(`/telegram/events?person=${person}`),
};

export const chain = {
  state: () => get("/chain/state"),
  transfer: (transfer) => post("/chain/transfer", transfer),
  rate: (rub) => post("/chain/rate", { rub }),
};

export const cryptopay = {
  state: () => get("/cryptopay/state"),
  pay: (invoice_id, asset) => post("/cryptopay/pay", { invoice_id, asset }),
};

export const yookassa = {
  state: () => get("/yookassa/state"),
  pay: (payment_id, method) => post("/yookassa/pay", { payment_id, method }),
  decline: (payment_id) => post("/yookassa/decline", { payment_id }),
};

const panelPath = (name, path) => `/panels/${encodeURIComponent(name)}/${path}`;

export const panel = {
  state: (name) => get(panelPath(name, "state")),
  power: (name, up) => post(panelPath(name, "power"), { up }),
  node: (name, node, status) => post(panelPath(name, "nodes"), { name: node, status }),
  traffic: (name, username, node, bytes) => post(panelPath(name, "traffic"), { username, node, bytes }),
};

/** The fault script of one emulator; `door` is its path on the console, such as "telegram" or "panels/s001". */
export const faults = {
  list: (door) => get(`/${door}/faults`),
  add: (door, fault) => post(`/${door}/faults`, fault),
  clear: (door) => ask("DELETE", `/${door}/faults`),
};
