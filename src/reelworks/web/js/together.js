// Two videos that run as one. The leader's clock counts; the follower is held to it.

const FAR = 0.3; // seconds of drift from which the follower jumps
const NEAR = 0.015; // below it, nothing is to be seen
const PULL = 1.5; // how much of the drift is made up for in a second
const MOST_PULL = 0.12;
const ENOUGH = HTMLMediaElement.HAVE_FUTURE_DATA;

/** How fast the follower has to run, or null where it has to jump. Pure. */
export function rateFor(drift) {
  if (Math.abs(drift) > FAR) return null;
  if (Math.abs(drift) < NEAR) return 1;
  return 1 + Math.max(-MOST_PULL, Math.min(MOST_PULL, -drift * PULL));
}

export function runTogether(lead, other) {
  const videos = [lead, other];
  let wantsPlay = false;
  const watchers = [];
  const tell = (what) => watchers.forEach((watcher) => watcher[what]());

  /** Play when both can, and wait together. */
  function settle() {
    const canRun = videos.every(isReady);
    for (const video of videos) {
      if (wantsPlay && canRun) video.paused && !video.ended && start(video);
      else if (!video.paused) video.pause();
    }
  }

  async function start(video) {
    try {
      await video.play();
    } catch (fault) {
      if (fault.name === "AbortError") return; // Paused before it had begun.
      if (fault.name !== "NotAllowedError" && fault.name !== "NotSupportedError") throw fault;
      pause();
    }
  }

  function play() {
    if (lead.ended) seek(0);
    wantsPlay = true;
    settle();
    tell("playing");
  }

  function pause() {
    wantsPlay = false;
    settle();
    align();
    tell("playing");
  }

  function seek(time) {
    for (const video of videos) video.currentTime = Math.max(0, Math.min(time, video.duration || 0));
    tell("moved");
  }

  /** At rest both show the same moment. */
  function align() {
    other.playbackRate = 1;
    if (Math.abs(other.currentTime - lead.currentTime) > NEAR) other.currentTime = lead.currentTime;
  }

  function correct() {
    if (lead.paused || other.paused || other.seeking || lead.seeking) return;
    const rate = rateFor(other.currentTime - lead.currentTime);
    if (rate === null) other.currentTime = lead.currentTime;
    other.playbackRate = rate ?? 1;
  }

  /** Once around: comparing wants to see a moment again. */
  function turn() {
    if (!wantsPlay) return;
    seek(0);
    settle();
  }

  lead.addEventListener("ended", turn);
  lead.addEventListener("timeupdate", () => tell("moved"));
  lead.addEventListener("loadedmetadata", () => tell("moved"));
  for (const video of videos) {
    for (const event of ["waiting", "canplay", "canplaythrough", "seeked"])
      video.addEventListener(event, settle);
  }
  everyPicture(lead, () => {
    correct();
    tell("moved");
  });

  return {
    play,
    pause,
    toggle: () => (wantsPlay ? pause() : play()),
    seek,
    skip: (seconds) => seek(lead.currentTime + seconds),
    isPlaying: () => wantsPlay,
    watch: (watcher) => watchers.push(watcher),
  };
}

/** Has data to go on, or is at its end: of two, one may be a picture shorter. */
const isReady = (video) =>
  video.readyState >= ENOUGH || video.ended || video.currentTime > video.duration - 0.1;

function everyPicture(video, react) {
  if (!video.requestVideoFrameCallback) {
    video.addEventListener("timeupdate", react);
    return;
  }
  const next = () => {
    react();
    video.requestVideoFrameCallback(next);
  };
  video.requestVideoFrameCallback(next);
}
