// Tells a screen reader what matters and nothing more: ends, refusals, the connection. Not progress.

import { setText } from "./dom.js";
import { list } from "./format.js";
import { PROCESSES, isCancelled, isFinal } from "./videos.js";

const CONNECTION = { live: "Connected again.", lost: "Offline. Trying to connect again." };

/** What to say of a change of the state. Pure. */
export function sentences(now, before) {
  return [
    ...connection(now, before),
    ...refusals(now, before),
    ...arrivals(now, before),
    ...ends(now, before),
  ];
}

function connection(now, before) {
  const [phase, last] = [now.connection.phase, before.connection.phase];
  return phase !== last && last !== "connecting" && CONNECTION[phase] ? [CONNECTION[phase]] : [];
}

function refusals(now, before) {
  const known = new Map(before.uploads.map((upload) => [upload.key, upload.error]));
  const failed = now.uploads.filter((upload) => upload.error && known.get(upload.key) !== upload.error);
  return failed.map((upload) => `${upload.file.name}: ${upload.error}`);
}

function arrivals(now, before) {
  const left = new Set(now.uploads.map((upload) => upload.key));
  const sent = before.uploads.filter((upload) => !left.has(upload.key) && upload.phase === "checking");
  return sent.length ? [`${list(sent.map((upload) => upload.file.name))} uploaded.`] : [];
}

function ends(now, before) {
  return [...now.videos.values()].flatMap((video) => {
    const last = before.videos.get(video.file_id);
    if (!last || last === video) return [];
    const ended = PROCESSES.filter((name) => isFinal(video[name]) && !isFinal(last[name]));
    return ended.map((name) => `${video.filename}: ${endWords(name, video[name])}`);
  });
}

function endWords(name, process) {
  const what = name === "video_enhancement" ? "enhancement" : "measurement";
  if (process.status === "completed") return `${what} finished.`;
  return isCancelled(process) ? `${what} cancelled.` : `${what} failed. ${process.error}`;
}

/** Speak in a live region; what comes at once is said at once. */
export function announcer(region) {
  return (now, before) => {
    const said = sentences(now, before);
    if (said.length) setText(region, said.join(" "));
  };
}
