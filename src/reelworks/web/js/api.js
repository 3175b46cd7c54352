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
const STRANGER = "Something else answered in place of the service, perhaps a login; load the page again.";

async function ask(method, path) {
  let response, text;
  try {
    response = await fetch(path, { method, signal: AbortSignal.timeout(ANSWER_TIME), cache: "no-cache" });
    text = await response.text();
  } catch {
    throw new Unreachable();
  }
  if (!response.ok) throw new Refused(response.status, detailOf(text, response.status));
  return response.status === 204 ? null : documentOf(text);
}

/** What a good answer says; something in front of the service, such as a login, may answer with a page. */
export function documentOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(200, STRANGER);
  }
}

/** The sentence of a problem document; something in front of the service may answer without one. */
export function detailOf(text, status) {
  try {
    const { detail } = JSON.parse(text);
    if (typeof detail === "string" && detail) return detail;
  } catch {
    // Not a problem document: the status has to say it.
  }
  return `The service answered with status ${status}.`;
}

const video = (fileId) => `/videos/${encodeURIComponent(fileId)}`;

export const presets = () => ask("GET", "/presets");

export const getVideo = (fileId) => ask("GET", video(fileId));

export const getMetadata = (fileId) => ask("GET", `${video(fileId)}/metadata`);

export const cancel = (fileId) => ask("POST", `${video(fileId)}/cancel`);

export const retry = (fileId) => ask("POST", `${video(fileId)}/retry`);

export const remove = (fileId) => ask("DELETE", video(fileId));

/** One page of a client's videos, newest first. */
export function listVideos(clientId, cursor = null, limit = 20) {
  const query = new URLSearchParams({ client_id: clientId, limit });
  if (cursor) query.set("cursor", cursor);
  return ask("GET", `/videos?${query}`);
}

/** Where a client's socket is. */
export function socketUrl(clientId) {
  const url = new URL(`/ws/${encodeURIComponent(clientId)}`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
