// The first view: what to upload and how, and this browser's videos as a contact sheet.

import { h, keyedList, setText } from "../dom.js";
import { plural } from "../format.js";
import { notYetVideos } from "../uploads.js";
import { newestFirst } from "../videos.js";
import { createIntake } from "./intake.js";
import { createUploadCard } from "./upload-card.js";
import { createVideoCard } from "./video-card.js";

export function createList(actions) {
  const intake = createIntake(actions);
  const sheet = createSheet(actions);
  return {
    element: h("div", { class: "studio" }, intake.element, sheet.element),
    title({ uploads, videos }) {
      const sending = notYetVideos(uploads, [...videos.values()]).length;
      return sending ? `(${sending}) Reelworks` : "Reelworks";
    },
    update(state) {
      intake.update(state);
      sheet.update(state);
    },
  };
}

function createSheet(actions) {
  const count = h("p", { class: "count" });
  const cards = h("ul", { class: "cards" });
  const empty = emptySheet();
  const fault = h("p", { class: "fault" });
  const more = h("button", { type: "button", class: "more", text: "Show more", on: { click: actions.more } });
  const show = keyedList(
    cards,
    (item) => item.key ?? item.file_id,
    (item) => (item.key ? createUploadCard(actions) : createVideoCard(actions)),
  );
  const head = h("div", { class: "sheet-head" }, h("h2", { id: "sheet-title", text: "Your videos" }), count);

  function update({ uploads, videos, clientId, next, isListed, listFault }) {
    const listed = newestFirst(videos, clientId);
    const sent = notYetVideos(uploads, listed);
    show([...sent, ...listed]);
    setText(count, listed.length ? plural(listed.length, "video") + (next ? " and more" : "") : "");
    empty.hidden = !isListed || sent.length + listed.length > 0;
    more.hidden = !next;
    setText(fault, listFault);
  }

  const element = h(
    "section",
    { class: "sheet", "aria-labelledby": "sheet-title" },
    head,
    fault,
    cards,
    empty,
    more,
  );
  return { element, update };
}

/** A strip of film that nothing was exposed on yet. */
function emptySheet() {
  const frames = h(
    "div",
    { class: "strip", "aria-hidden": "true" },
    ["1", "2", "3"].map((n) => h("div", { class: "blank" }, h("span", { text: n }))),
  );
  return h(
    "div",
    { class: "empty" },
    frames,
    h("p", { text: "Nothing here yet. What you upload appears here, and stays." }),
  );
}
