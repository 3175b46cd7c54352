// Shows one view at a time, and takes the focus along.

import { videoHref } from "../router.js";

/** `views`: `{ element, update(state), entered?() }` by the names of the routes. */
export function showView(main, views) {
  let shown = null;
  return (now, before) => {
    const view = views[now.route.name];
    view.update(now);
    document.title = view.title(now);
    const key = now.route.fileId ?? "";
    if (shown?.view === view && shown.key === key) return;
    const isFirst = shown === null;
    shown = { view, key };
    main.replaceChildren(view.element);
    if (!isFirst) enter(main, before.route);
  };
}

/** Into a video: its heading. Back: the link that led there, where it is still listed. */
function enter(main, from) {
  scrollTo(0, 0);
  const link =
    from.fileId && main.querySelector(`a[href="${CSS.escape(videoHref(from.fileId))}"]:not([tabindex])`);
  const target = link || main.querySelector("h1") || main;
  target.focus({ preventScroll: !link });
}
