// The uploads of this page: two at a time, the others wait their turn.

import { Refused, Unreachable } from "./api.js";
import { send } from "./sending.js";

const AT_ONCE = 2;
const RATE_SPAN = 4; // seconds over which the rate is smoothed
const BROKEN = "The connection broke off before the whole file had arrived; nothing of it was kept.";
const UNANSWERED =
  "The connection broke off before the service had answered. If the file arrived whole, it appears here.";
const GONE = "The file cannot be read any more: it was changed, moved or taken away. Choose it again.";

let lastKey = 0;

const ANEW = { phase: "sending", sent: 0, rate: null, error: "" };

const isSent = ({ file, sent }) => sent >= file.size;

/** Nothing more is done of it unless somebody wants it. */
export const isOver = ({ phase }) => phase === "refused" || phase === "broken";

/** Some networks let no socket through: an answer to a question will do. */
const isReachable = ({ connection, listFault }) => connection.phase === "live" || !listFault;

/**
 * The uploads that are no video yet. The service may tell of a video before it answers the upload (and
 * the answer may be lost): one of the same name and size that was not known before is taken for it. Pure.
 */
export function notYetVideos(uploads, videos) {
  const free = new Set(videos);
  const isIts = ({ file, clientId, known }, video) =>
    video.filename === file.name &&
    video.size_bytes === file.size &&
    video.client_id === clientId &&
    !known.has(video.file_id);
  return uploads.filter((upload) => {
    const its = isSent(upload) && [...free].find((video) => isIts(upload, video));
    return !free.delete(its);
  });
}

/** Uploads are `{ key, file, wishes, clientId, known, phase, sent, rate, error }` in the state. */
export function createUploads(store, { look, lookAtNewest }) {
  const running = new Map();

  function add(files) {
    const { wishes, clientId, uploads } = store.get();
    const added = files.map((file) => ({
      ...{ key: ++lastKey, file, wishes, clientId, known: new Set() },
      ...{ ...ANEW, phase: "waiting" },
    }));
    store.set({ uploads: [...uploads, ...added] });
  }

  /** While nothing answers all of them would break off, one after the other. */
  function startNext() {
    if (!isReachable(store.get())) return;
    const waiting = store.get().uploads.filter((upload) => upload.phase === "waiting");
    for (const upload of waiting.slice(0, Math.max(0, AT_ONCE - running.size))) start(upload);
  }

  function start(upload) {
    const pace = pacer();
    const { file, clientId, wishes } = upload;
    const sending = send({ file, clientId, ...wishes }, (sent) =>
      change(upload.key, { sent, rate: pace(sent), phase: isSent({ file, sent }) ? "checking" : "sending" }),
    );
    running.set(upload.key, sending);
    change(upload.key, { known: new Set(store.get().videos.keys()), ...ANEW });
    finish(upload.key, sending);
  }

  async function finish(key, { answer }) {
    try {
      const { file_id } = await answer;
      await look(file_id);
      drop(key);
      claim(file_id);
    } catch (fault) {
      await fail(key, fault);
    } finally {
      running.delete(key);
      startNext();
    }
  }

  async function fail(key, fault) {
    if (fault instanceof Refused) return change(key, { phase: "refused", error: fault.message });
    if (!(fault instanceof Unreachable)) throw fault;
    const upload = store.get().uploads.find((one) => one.key === key);
    if (!upload) return; // given up
    const isGone = !isSent(upload) && !(await isReadable(upload.file));
    if (isGone) return change(key, { phase: "refused", error: GONE });
    breakOff(key);
    await lookAtNewest(); // whether anything still answers
  }

  function breakOff(key) {
    const { uploads, videos } = store.get();
    const upload = notYetVideos(uploads, [...videos.values()]).find((one) => one.key === key);
    if (upload) change(key, { phase: "broken", error: isSent(upload) ? UNANSWERED : BROKEN });
    else drop(key);
  }

  function change(key, parts) {
    store.set(({ uploads }) => ({
      uploads: uploads.map((upload) => (upload.key === key ? { ...upload, ...parts } : upload)),
    }));
  }

  function drop(key) {
    store.set(({ uploads }) => ({ uploads: uploads.filter((upload) => upload.key !== key) }));
  }

  /** A video whose upload was answered is no other upload's. */
  function claim(fileId) {
    store.set(({ uploads }) => ({
      uploads: uploads.map((upload) => ({ ...upload, known: new Set(upload.known).add(fileId) })),
    }));
  }

  /** Give an upload up, or put away one that was refused. */
  function cancel(key) {
    drop(key);
    running.get(key)?.abort();
  }

  /** Send one again whose connection broke off. */
  function again(key) {
    change(key, { phase: "waiting", error: "" });
  }

  store.subscribe(startNext);
  addEventListener("beforeunload", (event) => !store.get().uploads.every(isOver) && event.preventDefault());
  return { add, cancel, again };
}

/** A browser breaks an upload off where its file has changed since it was chosen, and does not say so. */
async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
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
