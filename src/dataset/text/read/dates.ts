const pattern =
  /^([+-]?\d{4,6})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** What a cell of a date must be, for errors. */
export const allowedDate = "a date as 2024-01-31 or 2024-01-31T12:30:00.000001Z, in whole microseconds";

/** Microseconds since 1970 of a date in ISO 8601, or null where it is none. */
export function parseDate(text: string): number | bigint | null {
  const found = pattern.exec(text);
  if (found === null) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0));
  const nanoseconds = Number((found[7] ?? "").padEnd(9, "0"));
  const time = Date.UTC(2000, month - 1, day, hour, minute, second);
  const date = new Date(time);
  // Years below 100 are others to Date.UTC.
  date.setUTCFullYear(year, month - 1, day);
  const isDate = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isDate || hour > 23 || minute > 59 || second > 59 || nanoseconds % 1000 !== 0) return null;
  const offset = parseOffset(found[8]);
  if (offset === null) return null;
  const milliseconds = date.getTime() - 60_000 * offset;
  const microseconds = 1000 * milliseconds + nanoseconds / 1000;
  if (Number.isSafeInteger(microseconds)) return microseconds;
  return 1000n * BigInt(milliseconds) + BigInt(nanoseconds / 1000);
}

/** In minutes. */
function parseOffset(text: string | undefined): number | null {
  if (text === undefined || text.toUpperCase() === "Z") return 0;
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(3).replace(":", "") || 0)];
  if (hours > 23 || minutes > 59) return null;
  return (text[0] === "-" ? -1 : 1) * (60 * hours + minutes);
}
