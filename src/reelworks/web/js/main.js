// Puts the page together: one state, the service that it follows, and the views that show it.

import { createActions } from "./actions.js";
import { announcer } from "./announce.js";
import * as api from "./api.js";
import { watchDrops } from "./dropping.js";
import { plural } from "./format.js";
import { follow } from "./follow.js";
import { clientId, keepClientId } from "./identity.js";
import { watchMetadata } from "./metadata.js";
import { LIST_HREF, readRoute, watchRoute } from "./router.js";
import { createStore } from "./store.js";
import { createUploads } from "./uploads.js";
import { createDetail } from "./views/detail.js";
import { createList } from "./views/list.js";
import { createNotices } from "./views/notices.js";
import { createTop } from "./views/top.js";
import { showView } from "./views/switching.js";

const store = createStore({
  clientId: clientId(),
  connection: { phase: "connecting", retryAt: null },
  route: readRoute(location.hash),
  presets: null,
  wishes: { preset: null, options: {} },
  uploads: [],
  videos: new Map(),
  next: null,
  isListed: false,
  listFault: "",
  missing: null,
  metadata: null,
  notice: "",
  isDropping: false,
});

const follower = follow(store);
const uploads = createUploads(store, follower);
const actions = { ...createActions(store, follower), ...follower, uploads, take, become, wish };

/** Send files, from wherever on the page they come. */
function take(files, folders = []) {
  if (folders.length)
    store.set({ notice: `${plural(folders.length, "folder")} left out: drop the videos themselves.` });
  if (!files.length) return;
  uploads.add(files);
  location.hash = LIST_HREF;
}

/** Go on as another client. */
function become(id) {
  keepClientId(id);
  store.set({ clientId: id, videos: new Map(), next: null, isListed: false, listFault: "" });
  follower.restart();
}

/** `change`: from the state to the new wishes; of the state as it is now, not as it was shown. */
function wish(change) {
  store.set((state) => ({ wishes: change(state) }));
}

async function readPresets() {
  try {
    const presets = await api.presets();
    store.set({ presets, wishes: { preset: presets.default, options: {} } });
  } catch (fault) {
    if (!(fault instanceof api.Refused) && !(fault instanceof api.Unreachable)) throw fault;
    setTimeout(readPresets, 3_000); // Uploads work without: the service has a preset of its own.
  }
}

function show() {
  const views = { list: createList(actions), video: createDetail(actions) };
  const [top, notices] = [createTop(actions), createNotices(actions)];
  document.querySelector("#top").replaceWith(top.element);
  document.querySelector("#over").replaceWith(notices.element);
  const switchView = showView(document.querySelector("#main"), views);
  store.subscribe((now, before) => {
    for (const part of [top, notices]) part.update(now);
    switchView(now, before);
  });
  store.subscribe(announcer(document.querySelector("#live")));
}

watchRoute((route) => {
  store.set({ route, missing: null });
  if (route.name === "video") follower.look(route.fileId);
});
watchMetadata(store);
watchDrops({ over: (isDropping) => store.set({ isDropping }), dropped: take });
readPresets();
show();
