// Before and after as two videos that run as one, with a divider between them.

import { h, setAttribute, setText, setVariable } from "../dom.js";
import { clock } from "../format.js";
import { icon } from "../icons.js";
import { runTogether } from "../together.js";
import { createDivider, sideNames } from "./divider.js";

/** `failed(canPlayResult)` is called once, where the browser cannot play one of them. */
export function createPlayer({ links, filename }, failed) {
  const after = videoElement(links.enhanced, "after", `${filename}, after`);
  const before = videoElement(links.original, "before", `${filename}, before`);
  before.muted = true;
  const pair = runTogether(after, before);
  const screen = h(
    "div",
    { class: "screen", role: "group", "aria-label": "Before and after" },
    after,
    before,
    sideNames(),
  );
  const divider = createDivider(screen);
  screen.append(divider);
  const element = h("div", { class: "player" });
  const controls = createControls(pair, after, element);
  element.append(screen, controls.element);

  screen.addEventListener("click", (event) => !divider.contains(event.target) && pair.toggle());
  after.addEventListener("loadedmetadata", () =>
    setVariable(screen, "--ratio", after.videoWidth / after.videoHeight || 16 / 9),
  );
  element.addEventListener("keydown", (event) => press(event, pair, controls));
  watchFaults(before, after, failed);
  return { element, pause: pair.pause, stop: () => stop(pair, [before, after]) };
}

// The fragment makes browsers show a first picture that would wait for "play" with it.
function videoElement(source, side, label) {
  return h("video", {
    class: side,
    src: `${source}#t=0.001`,
    preload: "auto",
    playsinline: true,
    tabindex: -1,
    "aria-label": label,
  });
}

/** A codec that is not known may fail, or show nothing at all while the sound plays. */
function watchFaults(before, after, failed) {
  const broken = new Set();
  let timer = 0;
  const fault = (video) => {
    broken.add(video);
    clearTimeout(timer);
    // The other one may be about to fail as well: hear both out.
    timer = setTimeout(() => failed(!broken.has(after)), 400);
  };
  for (const video of [before, after]) {
    video.addEventListener("error", () => fault(video));
    video.addEventListener("loadedmetadata", () => video.videoWidth === 0 && fault(video));
  }
}

function stop(pair, videos) {
  pair.pause();
  for (const video of videos) {
    video.removeAttribute("src");
    video.load();
  }
}

const KEYS = { k: "toggle", m: "mute", f: "fullscreen", j: "back", l: "forward" };

function press(event, pair, controls) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const onDivider = event.target.getAttribute("role") === "slider";
  const name = event.key === " " && onDivider ? "toggle" : KEYS[event.key.toLowerCase()];
  if (!name) return;
  event.preventDefault();
  const acts = {
    ...controls.acts,
    toggle: pair.toggle,
    back: () => pair.skip(-5),
    forward: () => pair.skip(5),
  };
  acts[name]();
}

function createControls(pair, lead, player) {
  const play = roundButton("play", "Play", pair.toggle);
  const seek = h("input", {
    type: "range",
    min: 0,
    max: 1,
    step: 0.001,
    value: 0,
    class: "seek",
    "aria-label": "Position",
  });
  const time = h("span", { class: "time" });
  const mute = roundButton("sound", "Mute", () => (lead.muted = !lead.muted));
  const full = roundButton("fullscreen", "Full screen", () => toggleFullscreen(player));
  full.hidden = !document.fullscreenEnabled;

  function showPlay() {
    change(play, pair.isPlaying() ? "pause" : "play", pair.isPlaying() ? "Pause" : "Play");
    setAttribute(player, "data-playing", pair.isPlaying());
  }

  function showTime() {
    const duration = lead.duration || 0;
    seek.value = duration ? lead.currentTime / duration : 0;
    setVariable(seek, "--done", `${100 * seek.value}%`);
    setText(time, `${clock(lead.currentTime)} / ${clock(duration)}`);
    setAttribute(seek, "aria-valuetext", `${clock(lead.currentTime)} of ${clock(duration)}`);
  }

  seek.addEventListener("input", () => pair.seek(seek.value * (lead.duration || 0)));
  lead.addEventListener("volumechange", () =>
    change(mute, lead.muted ? "muted" : "sound", lead.muted ? "Sound on" : "Mute"),
  );
  pair.watch({ playing: showPlay, moved: showTime });
  const element = h("div", { class: "controls" }, play, seek, time, mute, full);
  return { element, acts: { mute: () => mute.click(), fullscreen: () => full.click() } };
}

const roundButton = (sign, label, click) =>
  h(
    "button",
    { type: "button", class: "round", "aria-label": label, title: label, on: { click } },
    icon(sign),
  );

function change(button, sign, label) {
  if (button.getAttribute("aria-label") === label) return;
  button.replaceChildren(icon(sign));
  setAttribute(button, "aria-label", label);
  setAttribute(button, "title", label);
}

async function toggleFullscreen(player) {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await player.requestFullscreen();
}
