// Owns the reading of links; pure: a URL and the bot's name in, a plain description out.

const WALLET_HOSTS = new Set(["app.keeperwallet.com", "app.tonkeeper.com"]);
const TELEGRAM_HOSTS = new Set(["t.me", "www.t.me", "telegram.me"]);
const CRYPTO_PAY_BOTS = new Set(["cryptobot", "cryptotestnetbot"]);
const LOOPBACK_HOSTS = new Set(["127.0.0.1", "localhost", "[::1]"]);
const SHOWN = new Set(["http:", "https:", "tg:", "ton:", "mailto:", "tel:"]);

/** The URL as an address, or null where it is none or of a kind that could act on the page (javascript:, data:). */
export function parse(text) {
  const address = URL.parse?.(text) ?? parseOld(text) ?? parseOld(`https://${text}`);
  return address !== null && SHOWN.has(address.protocol) ? address : null;
}

function parseOld(text) {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** Say what a press on this link does: {kind: wallet | crypto | kassa | stars | start | share | loopback | foreign, …}. */
export function classify(text, botUsername) {
  const address = parse(text);
  if (address === null) return { kind: "foreign", url: text };
  return (
    wallet(address) ??
    share(address) ??
    cryptoInvoice(address) ??
    kassaPayment(address) ??
    starsInvoice(address) ??
    deepLink(address, botUsername) ??
    plain(address)
  );
}

function wallet(address) {
  const scheme = address.protocol === "ton:" && address.host === "transfer";
  const hosted = address.protocol.startsWith("http") && WALLET_HOSTS.has(address.host);
  const parts = address.pathname.split("/").filter(Boolean);
  if (hosted && parts.shift() !== "transfer") return null;
  if (!(scheme || hosted) || parts.length !== 1 || !/^[\w:=+-]+$/.test(parts[0])) return null;
  const query = address.searchParams;
  const amount = query.get("amount") ?? "";
  return {
    kind: "wallet",
    to: parts[0],
    nano: /^\d{1,18}$/.test(amount) ? amount : "",
    comment: query.get("text") ?? "",
    ...(query.has("jetton") ? { jetton: query.get("jetton") } : {}),
  };
}

function share(address) {
  if (!TELEGRAM_HOSTS.has(address.host) || !["/share/url", "/share"].includes(address.pathname)) return null;
  return { kind: "share", url: address.searchParams.get("url") ?? "", text: address.searchParams.get("text") ?? "" };
}

function cryptoInvoice(address) {
  const invoice = address.searchParams.get("start") ?? "";
  const [, bot, ...rest] = address.pathname.split("/");
  if (!TELEGRAM_HOSTS.has(address.host) || rest.length !== 0 || !CRYPTO_PAY_BOTS.has(bot.toLowerCase())) return null;
  return /^IV[\w-]{4,64}$/.test(invoice) ? { kind: "crypto", invoice } : null;
}

function kassaPayment(address) {
  const payment = address.searchParams.get("orderId") ?? "";
  if (address.host !== "yoomoney.ru" || address.pathname !== "/checkout/payments/v2/contract") return null;
  return /^[0-9a-f-]{36}$/.test(payment) ? { kind: "kassa", payment } : null;
}

function starsInvoice(address) {
  const is = TELEGRAM_HOSTS.has(address.host) && /^\/\$[\w-]+$/.test(address.pathname);
  return is ? { kind: "stars", link: `https://t.me${address.pathname}` } : null;
}

function deepLink(address, botUsername) {
  const query = address.searchParams;
  let name = null;
  if (TELEGRAM_HOSTS.has(address.host)) name = address.pathname.split("/")[1];
  if (address.protocol === "tg:" && address.host === "resolve") name = query.get("domain");
  if (!name || name.toLowerCase() !== botUsername.toLowerCase()) return null;
  return { kind: "start", payload: query.get("start") ?? "" };
}

function plain(address) {
  const kind = address.protocol.startsWith("http") && LOOPBACK_HOSTS.has(address.hostname) ? "loopback" : "foreign";
  return { kind, url: address.href };
}
