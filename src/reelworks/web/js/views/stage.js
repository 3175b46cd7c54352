// The dark field on which a video is looked at: the player, a still in its place, or what is awaited.

import { fill, h, whenChanged } from "../dom.js";
import { videoWords } from "../words.js";
import { createPlayer } from "./player.js";
import { createStill } from "./still.js";

export function createStage() {
  const element = h("section", { class: "stage", "aria-label": "Before and after" });
  let player = null;

  function put(part) {
    player?.stop();
    player = part.stop ? part : null;
    fill(element, part.element);
  }

  function stillFor({ links, filename }, canPlayResult) {
    return createStill({ links, filename, canPlayResult });
  }

  const render = whenChanged(
    ({ file_id, links, video_enhancement }) => [
      file_id,
      links.original,
      links.enhanced,
      links.enhanced ? links.compare : video_enhancement.status,
    ],
    (video) => {
      if (!video.links.enhanced || !video.links.original) put(awaited(video));
      else put(createPlayer(video, (canPlayResult) => put(stillFor(video, canPlayResult))));
    },
  );
  addEventListener("hashchange", () => player?.pause());
  return { element, update: render };
}

function awaited(video) {
  const words =
    video.video_enhancement.status === "failed"
      ? videoWords(video)
      : "Before and after appear here when the enhancement is done.";
  return { element: h("p", { class: "awaited", text: words }) };
}
