// What is known of the videos, and how news changes it. Pure.

export const PROCESSES = ["video_enhancement", "metadata_extraction"];
const CHANGED_BY_NEWS = ["status", "progress", "error"];

export const isFinal = (process) => process.status === "completed" || process.status === "failed";

export const isUnfinished = (video) => PROCESSES.some((name) => !isFinal(video[name]));

export const isCancelled = (process) => process.status === "failed" && process.error === "Cancelled";

export const hasFailed = (video) => PROCESSES.some((name) => video[name].status === "failed");

/** A client's videos, the newest first. One that was opened by its address may be another's. */
export function newestFirst(videos, clientId) {
  return [...videos.values()]
    .filter((video) => video.client_id === clientId)
    .sort((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at) || (a.file_id < b.file_id ? 1 : -1));
}

/** With one video as an answer has it. An answer may be older than what the socket said since. */
export function withVideo(videos, fresh) {
  const known = videos.get(fresh.file_id);
  const video = { ...fresh };
  for (const name of known ? PROCESSES : []) video[name] = newerOf(known[name], fresh[name]);
  return new Map(videos).set(video.file_id, video);
}

function newerOf(known, fresh) {
  if (Date.parse(known.last_updated) <= Date.parse(fresh.last_updated)) return fresh;
  const { status, progress, error, last_updated } = known;
  return { ...fresh, status, progress, error, last_updated };
}

/** With what a `status_update` says; the same map where it says nothing new. */
export function withUpdate(videos, message) {
  const video = videos.get(message.file_id);
  const process = video?.[message.process_type];
  if (!process || Date.parse(message.timestamp) < Date.parse(process.last_updated)) return videos;
  const changed = { ...process, last_updated: message.timestamp };
  for (const key of CHANGED_BY_NEWS) changed[key] = message[key];
  return new Map(videos).set(video.file_id, { ...video, [message.process_type]: changed });
}

/**
 * With the newest page of a list. What was known before it was asked for (`asked`) and is missing in
 * the span that it covers was deleted.
 */
export function withNewest(videos, { videos: page, next }, asked) {
  const listed = new Set(page.map((video) => video.file_id));
  const oldest = next && page.length ? Date.parse(page.at(-1).created_at) : -Infinity;
  const isGone = (video) => !listed.has(video.file_id) && Date.parse(video.created_at) > oldest;
  const gone = asked.filter(isGone).map((video) => video.file_id);
  return page.reduce(withVideo, gone.reduce(without, videos));
}

/** Without one video. */
export function without(videos, fileId) {
  const rest = new Map(videos);
  rest.delete(fileId);
  return rest;
}
