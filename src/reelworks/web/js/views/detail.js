// The second view: one video, before and after, and all that is known of it.

import { h, setAttribute, setText } from "../dom.js";
import { bytes, moment, when } from "../format.js";
import { LIST_HREF } from "../router.js";
import { icon } from "../icons.js";
import { createActionBar } from "./action-bar.js";
import { createColour } from "./colour.js";
import { createDone } from "./done.js";
import { createFacts } from "./facts.js";
import { createStage } from "./stage.js";
import { createStanding } from "./standing.js";

export function createDetail(actions) {
  const parts = {
    head: createHead(actions),
    standing: createStanding(),
    stage: createStage(),
    done: createDone(),
    colour: createColour(),
    facts: createFacts(),
  };
  const columns = h(
    "div",
    { class: "columns" },
    parts.done.element,
    parts.colour.element,
    parts.facts.element,
  );
  const found = h("div", { class: "found" }, parts.standing.element, parts.stage.element, columns);
  const missing = h("p", { class: "plain", text: "There is no such video, or it was deleted." });

  return {
    element: h("article", { class: "detail" }, parts.head.element, missing, found),
    title: ({ videos, route }) => `${videos.get(route.fileId)?.filename ?? "Video"} – Reelworks`,
    update(state) {
      const video = state.videos.get(state.route.fileId);
      missing.hidden = state.missing !== state.route.fileId;
      found.hidden = !video;
      parts.head.update(video);
      if (!video) return;
      const metadata = state.metadata?.fileId === video.file_id ? state.metadata : null;
      for (const part of Object.values(parts).slice(1)) part.update(video, metadata);
    },
  };
}

function createHead(actions) {
  const back = h("a", { class: "back", href: LIST_HREF }, icon("back"), "All videos");
  const name = h("h1", { tabindex: -1 });
  const about = h("p", { class: "about" });
  const bar = createActionBar(actions);
  const element = h(
    "header",
    { class: "detail-head" },
    back,
    h("div", { class: "naming" }, name, about),
    bar.element,
  );
  return {
    element,
    update(video) {
      setText(name, video?.filename ?? "Video");
      setText(
        about,
        video ? `${bytes(video.size_bytes)}, look “${video.preset}”, uploaded ${when(video.created_at)}` : "",
      );
      setAttribute(about, "title", video ? moment(video.created_at) : null);
      bar.element.hidden = !video;
      if (video) bar.update(video);
    },
  };
}
