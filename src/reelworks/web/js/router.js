// Which view the address asks for.

/** "" → the list; "#/videos/ID" → a video; "#/as/ID" → the list, and an id that is offered. */
export function readRoute(hash) {
  const [, kind, ...rest] = hash.replace(/^#/, "").split("/");
  const value = decoded(rest.join("/"));
  if (kind === "videos" && value) return { name: "video", fileId: value };
  if (kind === "as" && value) return { name: "list", offeredId: value };
  return { name: "list" };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

export const videoHref = (fileId) => `#/videos/${encodeURIComponent(fileId)}`;

export const LIST_HREF = "#/";

/** Tells of the route now, and whenever it changes. The skip link's address is no route. */
export function watchRoute(changed) {
  const look = () => {
    if (location.hash === "" || location.hash.startsWith("#/")) changed(readRoute(location.hash));
  };
  addEventListener("hashchange", look);
  changed(readRoute(location.hash));
}
