// What can be done with a video: fetch it, stop it, try again, delete it.

import { h, setAttribute } from "../dom.js";
import { isUnfinished } from "../videos.js";
import { confirmDelete } from "./delete-dialog.js";

const DOWNLOADS = [
  { link: "enhanced", text: "Download", label: "Download the enhanced video", kind: "button primary" },
  { link: "original", text: "Original", label: "Download the original", kind: "button" },
];

export function createActionBar(actions) {
  let video = null;
  const downloads = DOWNLOADS.map(createDownload);
  const cancel = button("Cancel", "", () => actions.cancel(video.file_id));
  const retry = button("Try again", "", () => actions.retry(video.file_id));
  const remove = button("Delete", "danger-quiet", () =>
    confirmDelete(video, () => actions.remove(video.file_id)),
  );
  const element = h(
    "div",
    { class: "actions" },
    downloads.map(({ element }) => element),
    cancel,
    retry,
    remove,
  );
  return {
    element,
    update(now) {
      video = now;
      for (const download of downloads) download.update(video);
      cancel.hidden = !isUnfinished(video);
      retry.hidden = !video.links.retry;
    },
  };
}

const button = (text, kind, click) => h("button", { type: "button", class: kind, text, on: { click } });

function createDownload({ link, text, label, kind }) {
  const element = h("a", { class: kind, text, "aria-label": label, title: label, download: "" });
  return {
    element,
    update(video) {
      const path = video.links[link];
      element.hidden = !path;
      setAttribute(element, "href", path && `${path}?download=1`);
    },
  };
}
