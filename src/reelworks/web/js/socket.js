// A client's socket, which comes back by itself.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
const GREETING_TIME = 8_000;

/** How long to wait before try number `failures + 1`; spread, so that many pages do not come at once. */
export function waitAfter(failures, random = Math.random()) {
  const most = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1));
  return most * (0.6 + 0.4 * random);
}

/**
 * Keep a socket open.
 * `heard(message)` gets every message; `changed({ phase, retryAt })` how it stands: "connecting",
 * "live", or "lost" with the time of the next try.
 */
export function keepSocket(url, { heard, changed }) {
  let socket = null;
  let timer = 0;
  let failures = 0;

  function open() {
    clearTimeout(timer);
    const opened = new WebSocket(url);
    socket = opened;
    timer = setTimeout(() => lose(opened), GREETING_TIME);
    opened.addEventListener("message", (event) => opened === socket && take(JSON.parse(event.data)));
    opened.addEventListener("close", () => lose(opened));
  }

  function take(message) {
    if (message.type === "connection") {
      clearTimeout(timer);
      failures = 0;
      changed({ phase: "live", retryAt: null });
    }
    heard(message);
  }

  function lose(lost) {
    if (lost !== socket) return;
    drop();
    failures += 1;
    const wait = waitAfter(failures);
    timer = setTimeout(retry, wait);
    changed({ phase: "lost", retryAt: Date.now() + wait });
  }

  function drop() {
    clearTimeout(timer);
    const dropped = socket;
    socket = null;
    dropped?.close();
  }

  function retry() {
    if (socket) return;
    changed({ phase: "lost", retryAt: null });
    open();
  }

  changed({ phase: "connecting", retryAt: null });
  open();
  return {
    /** Try at once, where it is lost. */
    retry,
    /** Take it for lost: something else said so first. */
    doubt: () => socket && lose(socket),
    /** For good. */
    stop: drop,
  };
}
