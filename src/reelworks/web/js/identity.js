// Who this browser is to the service: an id made once, under which its videos are listed.

const KEY = "reelworks.client";
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";
const LENGTH = 16;
const MAX_BYTES = 256;

/** The id that this browser keeps; made where there is none. */
export function clientId() {
  const kept = read(KEY);
  if (kept) return kept;
  const made = makeId();
  keep(KEY, made);
  return made;
}

export function keepClientId(id) {
  keep(KEY, id);
}

/** An id that nobody guesses. Not `randomUUID`, which plain http on a local network lacks. */
function makeId() {
  const numbers = crypto.getRandomValues(new Uint32Array(LENGTH));
  const letters = [...numbers].map((number) => LETTERS[number % LETTERS.length]).join("");
  return letters.replace(/(.{4})(?=.)/g, "$1-");
}

/** What is wrong with an id; empty where it can be used. */
export function idFault(id) {
  if (id === "." || id === "..") return "An id needs more than dots: an address cannot hold it.";
  if (!id.trim()) return "An id needs at least one letter.";
  if (new TextEncoder().encode(id).length > MAX_BYTES) return `An id has at most ${MAX_BYTES} bytes.`;
  return "";
}

/** The address that opens the page with this id. Behind the #, so that no server's log has it. */
export const shareUrl = (id) => new URL(`#/as/${encodeURIComponent(id)}`, location.href.split("#")[0]).href;

/** What the browser keeps under a name, or null. */
export function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // It keeps nothing: a new id each time is all there can be.
  }
}

/** Keep something for the next visit, where the browser does that. */
export function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // As above: good for this visit.
  }
}
