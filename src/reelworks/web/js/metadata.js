// Fetches the metadata of the video that is looked at, once it is there.

import * as api from "./api.js";

/** Keeps `metadata` in the state: `{ fileId, document, error }` of the video in the route. */
export function watchMetadata(store) {
  store.subscribe((now) => {
    const video = now.videos.get(now.route.fileId);
    if (video && isDue(video, now.metadata)) load(store, video);
  });
}

/** A document is read once, and again when the enhancement has ended: its report is then whole. */
function isDue(video, metadata) {
  return Boolean(video.links.metadata) && metadata?.key !== keyOf(video);
}

const keyOf = (video) =>
  [video.file_id, video.video_enhancement.status, video.metadata_extraction.last_updated].join(" ");

async function load(store, video) {
  const key = keyOf(video);
  const last = store.get().metadata;
  const kept = last?.fileId === video.file_id ? last.document : null;
  store.set({ metadata: { key, fileId: video.file_id, document: kept, error: "" } });
  const found = await read(video.file_id);
  if (store.get().metadata.key === key) store.set({ metadata: { key, fileId: video.file_id, ...found } });
}

async function read(fileId) {
  try {
    return { document: await api.getMetadata(fileId), error: "" };
  } catch (fault) {
    if (!(fault instanceof api.Refused) && !(fault instanceof api.Unreachable)) throw fault;
    return { document: null, error: fault.message };
  }
}
