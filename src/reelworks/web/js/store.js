// One state, changed in one place, shown from it: everything else follows.

/** Keeps the state. Listeners are called with the new and the last one they saw, soon after changes. */
export function createStore(initial) {
  let state = initial;
  let seen = initial;
  let isDue = false;
  const listeners = [];

  function tell() {
    isDue = false;
    const [now, before] = [state, seen];
    seen = state;
    for (const listener of listeners) listener(now, before);
  }

  return {
    get: () => state,
    /** `change`: some of the state's parts, or a function from the state to them. */
    set(change) {
      state = { ...state, ...(typeof change === "function" ? change(state) : change) };
      if (!isDue) setTimeout(tell, 16);
      isDue = true;
    },
    subscribe(listener) {
      listeners.push(listener);
      listener(state, state);
    },
  };
}
