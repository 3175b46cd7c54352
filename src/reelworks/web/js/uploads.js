// The uploads of this page: two at a time, the others wait their turn.

import { Refused, Unreachable } from "./api.js";
import { send } from "./sending.js";

const AT_ONCE = 2;
const RATE_SPAN = 4; // seconds over which the rate is smoothed
const BROKEN = "The connection broke off before the whole file had arrived; nothing of it was kept.";

let lastKey = 0;

/** Uploads are `{ key, file, wishes, clientId, phase, sent, rate, error }` in the state. */
export function createUploads(store, { look }) {
  const running = new Map();

  function add(files) {
    const { wishes, clientId, uploads } = store.get();
    const added = files.map((file) => ({
      ...{ key: ++lastKey, file, wishes, clientId },
      ...{ phase: "waiting", sent: 0, rate: null, error: "" },
    }));
    store.set({ uploads: [...uploads, ...added] });
    startNext();
  }

  function startNext() {
    const waiting = store.get().uploads.filter((upload) => upload.phase === "waiting");
    for (const upload of waiting.slice(0, Math.max(0, AT_ONCE - running.size))) start(upload);
  }

  function start(upload) {
    const pace = pacer();
    const { file, clientId, wishes } = upload;
    const sending = send({ file, clientId, ...wishes }, (sent) =>
      change(upload.key, { sent, rate: pace(sent), phase: sent < file.size ? "sending" : "checking" }),
    );
    running.set(upload.key, sending);
    change(upload.key, { phase: "sending", sent: 0, error: "" });
    finish(upload.key, sending);
  }

  async function finish(key, { answer }) {
    try {
      const { file_id } = await answer;
      await look(file_id);
      drop(key);
    } catch (fault) {
      fail(key, fault);
    } finally {
      running.delete(key);
      startNext();
    }
  }

  function fail(key, fault) {
    if (fault instanceof Refused) change(key, { phase: "refused", error: fault.message });
    else if (fault instanceof Unreachable) change(key, { phase: "broken", error: BROKEN });
    else throw fault;
  }

  function change(key, parts) {
    store.set(({ uploads }) => ({
      uploads: uploads.map((upload) => (upload.key === key ? { ...upload, ...parts } : upload)),
    }));
  }

  function drop(key) {
    store.set(({ uploads }) => ({ uploads: uploads.filter((upload) => upload.key !== key) }));
  }

  /** Give an upload up, or put away one that was refused. */
  function cancel(key) {
    drop(key);
    running.get(key)?.abort();
  }

  /** Send one again whose connection broke off. */
  function again(key) {
    change(key, { phase: "waiting", error: "" });
    startNext();
  }

  addEventListener("beforeunload", (event) => running.size && event.preventDefault());
  return { add, cancel, again };
}

/** Bytes a second, smoothed. */
function pacer() {
  let last = { time: performance.now(), sent: 0 };
  let rate = null;
  return (sent) => {
    const time = performance.now();
    const seconds = (time - last.time) / 1000;
    if (seconds < 0.25) return rate;
    const now = (sent - last.sent) / seconds;
    const weight = Math.min(1, seconds / RATE_SPAN);
    rate = rate === null ? now : rate + (now - rate) * weight;
    last = { time, sent };
    return rate;
  };
}
