// Keeps the state in step with the service: the socket tells what changes, the list what was missed.

import * as api from "./api.js";
import { keepSocket } from "./socket.js";
import { isFinal, isUnfinished, newestFirst, withNewest, withUpdate, withVideo, without } from "./videos.js";

const LOOK_EVERY = 3_000;

/** Start to follow the client in the state. */
export function follow(store) {
  let socket = null;
  let isLooking = false;
  let newest = Promise.resolve(); // the last look at the newest: one at a time, or an old answer comes last
  const leaving = new Set(); // being deleted: the last news of them is no reason to ask
  const owed = new Set(); // asked for without an answer; of what has ended there is no more news

  function start() {
    socket?.stop();
    const { clientId } = store.get();
    newest = Promise.resolve();
    socket = keepSocket(api.socketUrl(clientId), {
      heard: (message) => store.get().clientId === clientId && heard(message),
      changed,
    });
  }

  /** Something between here and the service may let no socket through: plain questions still are asked. */
  function changed(connection) {
    store.set({ connection });
    if (connection.retryAt === null) catchUp();
  }

  function heard(message) {
    if (message.type === "upload_status") look(message.file_id);
    if (message.type === "status_update") takeUpdate(message);
  }

  /** What a socket's message leaves out (links, the plan) is asked for when a process has ended. */
  function takeUpdate(message) {
    store.set(({ videos }) => ({ videos: withUpdate(videos, message) }));
    if (!store.get().videos.has(message.file_id) || isFinal(message)) look(message.file_id);
  }

  /** All that may have happened while nobody listened. */
  async function catchUp() {
    const before = [...store.get().videos.values()].filter(isUnfinished);
    await lookAtNewest();
    const { videos, route, listFault } = store.get();
    if (listFault) return;
    const asked = new Set(
      before.filter((video) => videos.get(video.file_id) === video).map((v) => v.file_id),
    );
    if (route.name === "video") asked.add(route.fileId);
    await Promise.all([...asked].map(look));
  }

  function lookAtNewest() {
    newest = newest.then(listNewest, listNewest);
    return newest;
  }

  async function listNewest() {
    const { clientId, videos: known } = store.get();
    await guarded(
      async () => {
        const page = await api.listVideos(clientId);
        if (store.get().clientId !== clientId) return;
        // Where so many are new that none is known, what lies between is still to be listed.
        const goesOn = store.get().isListed && page.videos.some((video) => known.has(video.file_id));
        store.set(({ videos, next }) => ({
          videos: withNewest(videos, page, newestFirst(known, clientId)),
          next: goesOn ? next : page.next,
          isListed: true,
          listFault: "",
        }));
      },
      (fault) => store.set({ listFault: fault.message }),
    );
  }

  async function look(fileId) {
    owed.delete(fileId);
    if (leaving.has(fileId)) return;
    await guarded(
      async () => {
        const video = await api.getVideo(fileId);
        store.set(({ videos, missing }) => ({
          videos: withVideo(videos, video),
          missing: missing === fileId ? null : missing,
        }));
      },
      (fault) => (fault.status === 404 ? forget(fileId) : owed.add(fileId)),
    );
  }

  function forget(fileId) {
    store.set(({ videos, route, missing }) => ({
      videos: without(videos, fileId),
      missing: route.fileId === fileId ? fileId : missing,
    }));
  }

  async function more() {
    const { clientId, next } = store.get();
    if (!next) return;
    await guarded(
      async () => {
        const page = await api.listVideos(clientId, next);
        if (store.get().clientId !== clientId) return;
        store.set(({ videos }) => ({ videos: page.videos.reduce(withVideo, videos), next: page.next }));
      },
      (fault) => store.set({ notice: fault.message }),
    );
  }

  /** A question that is not answered at all casts doubt on the socket as well. */
  async function guarded(question, failed) {
    try {
      await question();
    } catch (fault) {
      if (fault instanceof api.Unreachable) socket?.doubt();
      else if (!(fault instanceof api.Refused)) throw fault;
      failed(fault);
    }
  }

  /** Queue positions and estimates are in no message: look while something is under way, or owed. */
  async function lookAgain() {
    const { connection, videos, route } = store.get();
    if (isLooking || connection.phase !== "live" || document.hidden) return;
    isLooking = true;
    try {
      await Promise.all([...owed].map(look));
      const shown = videos.get(route.fileId);
      if (shown && isUnfinished(shown)) await look(route.fileId);
      else if ([...videos.values()].some(isUnfinished)) await lookAtNewest();
    } finally {
      isLooking = false;
    }
  }

  /** Who comes back to the page may have slept, or deleted what is finished elsewhere: no socket tells that. */
  function comeBack() {
    if (store.get().connection.phase === "live") catchUp();
    else socket.retry();
  }

  setInterval(lookAgain, LOOK_EVERY);
  addEventListener("offline", () => socket.doubt());
  addEventListener("online", () => socket.retry());
  document.addEventListener("visibilitychange", () => !document.hidden && comeBack());
  start();
  return {
    /** A video is to be deleted; the answer takes that back. */
    leave(fileId) {
      leaving.add(fileId);
      return () => leaving.delete(fileId);
    },
    look,
    more,
    reconnect: () => socket.retry(),
    lookAtNewest,
    restart: start,
  };
}
