// Asks before a video is deleted.

import { h } from "../dom.js";
import { dialogButton, openDialog } from "./dialog.js";

export function confirmDelete(video, confirmed) {
  openDialog({
    title: "Delete this video?",
    body: h(
      ...["p", {}],
      h("strong", { text: video.filename }),
      " goes for good: the original, the enhanced video and its metadata. What is still under way is stopped.",
    ),
    buttons: [dialogButton("Keep it", "", "quiet"), dialogButton("Delete", "delete", "danger")],
    closed: (value) => value === "delete" && confirmed(),
  });
}
