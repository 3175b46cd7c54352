// How things stand, in words. Pure.

import { bytes, percent, roughly } from "./format.js";
import { isCancelled } from "./videos.js";

const DOING = {
  video_enhancement: { name: "Enhancement", doing: "Enhancing", done: "Enhanced" },
  metadata_extraction: { name: "Measurement", doing: "Measuring", done: "Measured" },
};

export const processName = (type) => DOING[type].name;

/** A process in a few words: "Enhancing, 42 %". */
export function processWords(type, process) {
  const { name, doing, done } = DOING[type];
  if (process.status === "pending") return waitingWords(process);
  if (process.status === "processing") return `${doing}, ${process.progress} %`;
  if (process.status === "completed") return done;
  return isCancelled(process) ? "Cancelled" : `${name} failed`;
}

function waitingWords({ queue_position: position }) {
  if (!position) return "Waiting";
  return position === 1 ? "Next in line" : `Waiting, ${position - 1} ahead of it`;
}

/** What is left, where it is known: "about 3 min left". */
export function etaWords(process) {
  const known = process.status === "processing" && Number.isFinite(process.eta_seconds);
  return known ? `${roughly(process.eta_seconds)} left` : "";
}

/** A video in one line. */
export function videoWords(video) {
  const [enhancement, extraction] = [video.video_enhancement, video.metadata_extraction];
  if (enhancement.status === "completed" && extraction.status === "completed") return "Ready";
  if (enhancement.status === "processing") return processWords("video_enhancement", enhancement);
  if (extraction.status === "processing") return processWords("metadata_extraction", extraction);
  if (enhancement.status === "completed") return processWords("metadata_extraction", extraction);
  return processWords("video_enhancement", enhancement);
}

/** An upload in one line. */
export function uploadWords({ phase, sent, rate, file }) {
  switch (phase) {
    case "waiting":
      return `Waits to be sent, ${bytes(file.size)}`;
    case "sending":
      return `Sending ${bytes(sent)} of ${bytes(file.size)}${leftWords(sent, rate, file.size)}`;
    case "checking":
      return "Sent; the service looks at it";
    case "refused":
      return "Not accepted";
    default:
      return "Broke off";
  }
}

const leftWords = (sent, rate, size) => (rate > 0 ? `, ${roughly((size - sent) / rate)} left` : "");

/** What became of the size: "12.0 MB → 7.4 MB, 38 % smaller". */
export function sizeWords(before, after) {
  const change = after / before - 1;
  const direction = change < 0 ? "smaller" : "larger";
  const both = `${bytes(before)} → ${bytes(after)}`;
  return Math.abs(change) < 0.005
    ? `${both}, the same size`
    : `${both}, ${percent(Math.abs(change), 0)} ${direction}`;
}

/** How close the result is to the source, for a person. */
export function fidelityWords(fidelity) {
  if (fidelity.identical) return "The pictures are identical to the source's.";
  const parts = [];
  if (fidelity.ssim_y !== null) parts.push(`structure kept to ${percent(fidelity.ssim_y)} (SSIM)`);
  if (fidelity.psnr_y !== null) parts.push(`${fidelity.psnr_y.toFixed(1)} dB (PSNR)`);
  return `Against the source: ${parts.join(", ")}, over ${fidelity.frames} pictures. Noise that was taken out counts as a difference.`;
}
