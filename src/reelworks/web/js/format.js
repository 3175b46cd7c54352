// Numbers and times as people read them.

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];
const SECONDS = { minute: 60, hour: 3600, day: 86400 };

/** 1 234 567 → "1.2 MB". */
export function bytes(count) {
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** 75 → "1:15"; 3675 → "1:01:15". */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const pad = (number) => String(number).padStart(2, "0");
  return h ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/** How long something will take, as roughly as it is known: "about 3 min". */
export function roughly(seconds) {
  if (seconds < 5) return "a few seconds";
  if (seconds < 50) return `about ${Math.ceil(seconds / 5) * 5} s`;
  if (seconds < 5400) return `about ${Math.max(1, Math.round(seconds / 60))} min`;
  return `about ${(seconds / 3600).toFixed(1)} h`;
}

/** When something happened, against now: "5 min ago", then the date. */
export function when(iso, now = Date.now()) {
  const age = (now - Date.parse(iso)) / 1000;
  if (age < 45) return "just now";
  if (age < 45 * SECONDS.minute) return `${Math.round(age / 60)} min ago`;
  const same = new Date(iso).toDateString() === new Date(now).toDateString();
  const style = same ? { timeStyle: "short" } : { dateStyle: "medium" };
  return new Intl.DateTimeFormat(undefined, style).format(new Date(iso));
}

/** The whole moment, for a tooltip. */
export function moment(iso) {
  return new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" }).format(new Date(iso));
}

/** 4 200 000 → "4.2 Mbit/s". */
export function bitRate(digits) {
  const rate = Number(digits);
  return rate >= 1e6 ? `${(rate / 1e6).toFixed(1)} Mbit/s` : `${Math.round(rate / 1000)} kbit/s`;
}

/** A number with at most so many digits behind the point, and none that say nothing. */
export function number(value, digits = 2) {
  return new Intl.NumberFormat("en", { maximumFractionDigits: digits }).format(value);
}

/** 0.1234 → "12.3 %". */
export function percent(share, digits = 1) {
  return `${number(share * 100, digits)} %`;
}

/** ["a", "b", "c"] → "a, b and c". */
export function list(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** 1 → "1 video", 2 → "2 videos". */
export function plural(count, word) {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** "white_balance" → "White balance". */
export function title(name) {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
