// Light, dark, or as the system has it.

import { keep } from "./identity.js";

export const THEMES = ["auto", "light", "dark"];

export const theme = () => document.documentElement.dataset.theme ?? "auto";

/** Show a theme, and keep it for the next visit. */
export function choose(name) {
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  keep("reelworks.theme", name);
}
