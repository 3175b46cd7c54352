// The few signs that the page uses, drawn on a grid of 24.

import { s } from "./dom.js";

const PATHS = {
  play: "M7 4.8v14.4a.6.6 0 0 0 .92.5l11-7.2a.6.6 0 0 0 0-1l-11-7.2a.6.6 0 0 0-.92.5z",
  pause: "M7 5h3.4v14H7zM13.6 5H17v14h-3.4z",
  sound: "M4 9.5v5h3.6l4.9 4V5.5l-4.9 4zM15.6 8.6a4.8 4.8 0 0 1 0 6.8M18.2 6a8.5 8.5 0 0 1 0 12",
  muted: "M4 9.5v5h3.6l4.9 4V5.5l-4.9 4zM16 9.6l5 4.8M21 9.6l-5 4.8",
  fullscreen: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  handle: "M9.5 7.5 5 12l4.5 4.5M14.5 7.5 19 12l-4.5 4.5",
  back: "M11 5.5 4.5 12l6.5 6.5M5 12h15",
  close: "M6 6l12 12M18 6 6 18",
  light:
    "M12 7.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4",
  dark: "M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z",
  auto: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM12 3.5v17M12 7.5h6.4M12 12h8.4M12 16.5h6.4",
  person: "M12 4.5a3.6 3.6 0 1 1 0 7.2 3.6 3.6 0 0 1 0-7.2zM5 19.5c.6-3.4 3.4-5.2 7-5.2s6.4 1.8 7 5.2",
};
const SOLID = new Set(["play", "pause"]);

/** A sign; it says nothing by itself, so its button has a label. */
export function icon(name) {
  const kind = SOLID.has(name) ? "icon solid" : "icon";
  return s(
    "svg",
    { class: kind, viewBox: "0 0 24 24", "aria-hidden": "true" },
    s("path", { d: PATHS[name] }),
  );
}
