// The metadata as a table, and everything else behind a fold.

import { fill, h, whenChanged } from "../dom.js";
import { bitRate, bytes, clock, number, plural } from "../format.js";
import { createTree } from "./tree.js";

export function createFacts() {
  const body = h("div");
  const element = h("section", { class: "panel facts" }, h("h2", { text: "Metadata" }), body);
  const render = whenChanged(
    ({ links, metadata_extraction, metadata }) => [
      links.metadata,
      metadata_extraction.status,
      metadata?.key,
      Boolean(metadata?.document),
      metadata?.error,
    ],
    (video) => fill(body, parts(video)),
  );
  return { element, update: (video, metadata) => render({ ...video, metadata }) };
}

function parts({ metadata, links, metadata_extraction }) {
  if (metadata?.error) return h("p", { class: "fault", text: metadata.error });
  if (metadata?.document)
    return [table(metadata.document), everythingElse(metadata.document), download(links, metadata.document)];
  const words =
    metadata_extraction.status === "failed"
      ? "It could not be measured."
      : "It is being measured; every picture is counted.";
  return h("p", { class: "muted", text: words });
}

const download = ({ metadata }, { filename }) =>
  h("a", { class: "button small", href: metadata, download: `${filename}.json`, text: "Download as JSON" });

function table(document) {
  const rows = rowsOf(document).filter(([, value]) => value);
  return h(
    "table",
    { class: "fact-table" },
    h(
      "tbody",
      {},
      rows.map(([name, value]) =>
        h("tr", {}, h("th", { scope: "row", text: name }), h("td", { text: value })),
      ),
    ),
  );
}

function rowsOf(document) {
  const { advanced = {}, resolution } = document;
  const { colour = {}, video = {}, streams = [] } = advanced;
  return [
    ["Format", [document.format, video.codec].filter(Boolean).join(", ")],
    ["Picture", `${resolution.width} × ${resolution.height}`],
    [
      "Duration",
      `${clock(document.duration_seconds)} (${number(Number(advanced.duration ?? document.duration_seconds), 3)} s)`,
    ],
    [
      "Pictures",
      `${number(document.frame_count)} at ${number(document.fps, 3)} a second${video.constant_frame_rate === false ? ", unevenly" : ""}`,
    ],
    ["Size", `${bytes(document.file_size_bytes)}, ${bitRate(document.bit_rate)}`],
    [
      "Pixels",
      [colour.pixel_format, colour.bit_depth && `${colour.bit_depth} bit`].filter(Boolean).join(", "),
    ],
    [
      "Colour",
      [colour.matrix, colour.transfer, colour.primaries, colour.range]
        .filter((tag) => tag && tag !== "unknown")
        .join(", "),
    ],
    ["Rotation", advanced.rotation ? `${advanced.rotation}°` : ""],
    ["HDR", advanced.hdr ? "yes" : ""],
    ["Sound", tracks(streams, "audio")],
    ["Subtitles", tracks(streams, "subtitle")],
    [
      "Damage",
      advanced.damaged ? `${advanced.damaged.decoded} of ${advanced.damaged.packets} pictures decode` : "",
    ],
    ["SHA-256", advanced.sha256],
  ];
}

function tracks(streams, kind) {
  const found = streams.filter((stream) => stream.codec_type === kind);
  if (!found.length) return kind === "audio" ? "none" : "";
  const names = found.map(({ codec_name, channels, tags }) =>
    [codec_name, channels && plural(channels, "channel"), language(tags)].filter(Boolean).join(" "),
  );
  return names.join("; ");
}

/** MP4 has a code for one that nobody named: it tells nothing. */
const language = (tags) => (tags?.language === "und" ? "" : tags?.language);

/** Built when it is opened: there may be thousands of values. */
function everythingElse({ advanced = {} }) {
  const { enhancement: _, ...rest } = advanced;
  const details = h("details", { class: "else" }, h("summary", { text: "Everything else" }));
  details.addEventListener(
    "toggle",
    () => details.childElementCount === 1 && details.append(createTree(rest)),
    { once: true },
  );
  return details;
}
