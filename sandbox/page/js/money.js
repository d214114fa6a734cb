// Owns amounts of the chain as text and whole nano units (BigInt, never a float); pure.

const NANO = 1_000_000_000n;

/** "0.59" → 590000000n; null where the text is no positive amount with at most nine decimals. */
export function nano(text) {
  const match = /^(\d{1,12})(?:[.,](\d{1,9}))?$/.exec(text.trim());
  if (match === null) return null;
  const value = BigInt(match[1]) * NANO + BigInt((match[2] ?? "").padEnd(9, "0"));
  return value > 0n ? value : null;
}

/** 590000000n → "0.59". */
export const gram = (value) => written(value, 9);

/** 1590000n → "1.59". */
export const dollars = (value) => written(value, 6);

function written(value, places) {
  const whole = BigInt(value);
  const one = 10n ** BigInt(places);
  const rest = (whole % one).toString().padStart(places, "0").replace(/0+$/, "");
  return `${whole / one}${rest ? `.${rest}` : ""}`;
}

/** "1.59" → 1590000n; null where the text is no positive amount with at most six decimals. */
export function micro(text) {
  const value = nano(text);
  return value === null || value % 1000n !== 0n ? null : value / 1000n;
}

const UNITS = ["B", "KB", "MB", "GB", "TB"];

export function bytes(count) {
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

export const shortened = (text, ends = 6) =>
  text.length <= ends * 2 + 1 ? text : `${text.slice(0, ends)}…${text.slice(-ends)}`;
