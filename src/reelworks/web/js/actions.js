// What a person can have done to a video.

import * as api from "./api.js";
import { LIST_HREF } from "./router.js";
import { without } from "./videos.js";

export function createActions(store, follower) {
  /** Do it; what the service says against it is shown. */
  async function attempt(what) {
    try {
      await what();
    } catch (fault) {
      if (!(fault instanceof api.Refused) && !(fault instanceof api.Unreachable)) throw fault;
      store.set({ notice: fault.message });
    }
  }

  const cancel = (fileId) =>
    attempt(async () => {
      await api.cancel(fileId);
      await follower.look(fileId);
    });

  const retry = (fileId) =>
    attempt(async () => {
      await api.retry(fileId);
      await follower.look(fileId);
    });

  const remove = (fileId) =>
    attempt(async () => {
      const stay = follower.leave(fileId);
      await api.remove(fileId).catch((fault) => {
        stay();
        throw fault;
      });
      if (store.get().route.fileId === fileId) location.hash = LIST_HREF;
      store.set(({ videos }) => ({ videos: without(videos, fileId) }));
    });

  return { cancel, retry, remove, dismiss: () => store.set({ notice: "" }) };
}
