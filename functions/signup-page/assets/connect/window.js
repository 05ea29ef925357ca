// Meta's window: opened within a click, believed by itself only, and missed when it is silent or closed.
function metaWindow(root, config, told) {
  // A window that answers nothing is explained after this.
  const SILENCE_MS = 20000;
  // A window that was closed may still have sent its last message.
  const CLOSING_MS = 1500;
  // A script of Meta's that is held back by a content blocker says nothing.
  const SDK_PATIENCE_MS = 8000;

  let popup = null, blocked = false, isOpen = false, launches = 0, silence = 0, watch = 0, asked = false, ready = false;

  function rest() {
    clearTimeout(silence);
    clearInterval(watch);
  }

  function stop() {
    rest();
    popup = null;
    isOpen = blocked = false;
  }

  // The window itself, or a frame in it. Where Meta's script opened its window by other means than `window.open`, it is not
  // known and no message is believed: ids are hints, and the code comes by the script's own answer.
  const isMeta = (event) => Boolean(popup && event.source && (event.source === popup || event.source.top === popup))
    && config.popup_origins.includes(event.origin);

  window.addEventListener("message", function heard(event) {
    if (!root.isConnected) { window.removeEventListener("message", heard); return; }
    if (!isOpen || !isMeta(event) || typeof event.data !== "string") return;
    let message;
    try { message = JSON.parse(event.data); } catch { return; }
    if (!message || message.type !== "WA_EMBEDDED_SIGNUP") return;
    const data = message.data && typeof message.data === "object" ? message.data : {};
    if (String(message.event).startsWith("FINISH")) told.ids({ event: String(message.event), data });
    else if (["CANCEL", "ERROR"].includes(message.event)) told.abandoned(message.event, data);
  });

  // Meta's script opens its window inside this click; which one, and whether it did, is known from nowhere else.
  function login(then) {
    const open = window.open;
    window.open = (...place) => {
      popup = open.apply(window, place);
      blocked = !popup;
      return popup;
    };
    try {
      window.FB.login(then, {
        config_id: config.config_id, response_type: "code", override_default_response_type: true, extras: config.extras,
      });
    } finally {
      window.open = open;
    }
  }

  // Only of the window that is open now: an earlier one may be noticed late.
  const closed = (mine) => { if (mine === launches && isOpen) told.closed(); };

  function missed() {
    // Somebody who works in Meta's window is not silent.
    if (!document.hasFocus()) silence = setTimeout(missed, SILENCE_MS);
    else told.silent();
  }

  function start() {
    stop();
    isOpen = true;
    const mine = launches += 1;
    silence = setTimeout(missed, SILENCE_MS);
    login((response) => {
      if (mine !== launches) return;
      if (response.authResponse && response.authResponse.code) told.code(response.authResponse.code);
      else if (!blocked) setTimeout(closed, CLOSING_MS, mine);
    });
    if (blocked) { stop(); return false; }
    watch = setInterval(() => {
      if (!popup || !popup.closed) return;
      clearInterval(watch);
      setTimeout(closed, CLOSING_MS, mine);
    }, 500);
    return true;
  }

  // Only for who may begin: nobody else needs a script of Meta's.
  function load() {
    if (asked) return;
    asked = true;
    const loaded = () => {
      if (ready) return;
      ready = true;
      window.FB.init({ appId: config.app_id, autoLogAppEvents: false, xfbml: false, version: config.graph_version });
      told.ready();
    };
    // What stands there while the script is on its way only takes notes.
    if (window.FB && !window.FB.__buffer) { loaded(); return; }
    const theirs = window.fbAsyncInit;
    window.fbAsyncInit = () => { if (theirs) theirs(); loaded(); };
    const failed = () => { if (!ready) told.failed(); };
    const script = Object.assign(document.createElement("script"), { src: config.sdk_url, async: true, crossOrigin: "anonymous" });
    script.addEventListener("error", failed);
    setTimeout(failed, SDK_PATIENCE_MS);
    document.head.append(script);
  }

  return {
    load, start, stop, rest,
    isReady: () => ready,
    isOpen: () => isOpen,
    // The signup cannot go on: the window is closed over nobody's work.
    close() { if (popup) popup.close(); stop(); },
  };
}
