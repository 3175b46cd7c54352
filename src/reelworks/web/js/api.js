// The public HTTP API, and nothing beside it.

/** An answer that says no, with the server's own sentence. */
export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** No answer came. */
export class Unreachable extends Error {
  constructor() {
    super("The service does not answer.");
  }
}

const ANSWER_TIME = 20_000;

async function ask(method, path) {
  const { response, text } = await answered(method, path);
  if (!response.ok) throw refusal(text, response.status);
  return response.status === 204 ? null : documentOf(text, response.status);
}

/** An answer, whole: it may break off, too. */
async function answered(method, path) {
  try {
    const signal = AbortSignal.timeout(ANSWER_TIME);
    const response = await fetch(path, { method, signal, cache: "no-cache" });
    return { response, text: await response.text() };
  } catch {
    throw new Unreachable();
  }
}

/** What a good answer holds. A login in front of the service may answer in its place. */
export function documentOf(text, status) {
  try {
    return JSON.parse(text);
  } catch {
    const sentence = "Something other than the service has answered, such as a login; load the page again.";
    throw new Refused(status, sentence);
  }
}

/** What an answer means that is not a good one: something in front of the service may have given it. */
export function refusal(text, status) {
  const detail = detailOf(text);
  if (detail) return new Refused(status, detail);
  if ([502, 503, 504].includes(status)) return new Unreachable(); // so a proxy says it
  if (status === 413) return new Refused(status, "The file is larger than a server in front of Reelworks allows.");
  return new Refused(status, `The service answered with status ${status}.`);
}

/** The sentence of a problem document, if it is one. */
function detailOf(text) {
  try {
    const { detail } = JSON.parse(text);
    return typeof detail === "string" ? detail : "";
  } catch {
    return "";
  }
}

// A proxy may have put the service under a path of its own: addresses count from where the page is.
const video = (fileId) => `videos/${encodeURIComponent(fileId)}`;

/** A video whose links do so, too. */
function fromHere({ links, ...rest }) {
  const placed = Object.entries(links).map(([name, path]) => [name, path && path.replace(/^\//, "")]);
  return { ...rest, links: Object.fromEntries(placed) };
}

export const presets = () => ask("GET", "presets");

export const getVideo = async (fileId) => fromHere(await ask("GET", video(fileId)));

export const getMetadata = (fileId) => ask("GET", `${video(fileId)}/metadata`);

export const cancel = (fileId) => ask("POST", `${video(fileId)}/cancel`);

export const retry = (fileId) => ask("POST", `${video(fileId)}/retry`);

export const remove = (fileId) => ask("DELETE", video(fileId));

/** One page of a client's videos, newest first. */
export async function listVideos(clientId, cursor = null, limit = 20) {
  const query = new URLSearchParams({ client_id: clientId, limit });
  if (cursor) query.set("cursor", cursor);
  const page = await ask("GET", `videos?${query}`);
  return { ...page, videos: page.videos.map(fromHere) };
}

/** Where a client's socket is. */
export function socketUrl(clientId) {
  const url = new URL(`ws/${encodeURIComponent(clientId)}`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
