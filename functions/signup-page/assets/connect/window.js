// Meta's window: opens within a click, accepts messages from that window only, and detects silence and closing.
function metaWindow(root, config, on) {
  // After this time without an answer, the customer is told how to continue.
  const SILENCE_MS = 20000;
  // A window that was closed may still have sent its last message.
  const CLOSING_MS = 1500;
  // A script that a content blocker holds back fires no event.
  const SDK_TIMEOUT_MS = 8000;

  let popup = null, blocked = false, isOpen = false, launches = 0, silence = 0, watch = 0, asked = false, ready = false;

  function stopWatching() {
    clearTimeout(silence);
    clearInterval(watch);
  }

  function stop() {
    stopWatching();
    popup = null;
    isOpen = blocked = false;
  }

  // The window itself, or a frame in it. If Meta's script opens its window by other means than `window.open`, the window
  // is unknown and all messages are ignored: ids are only hints, and the code comes through the SDK's callback.
  const isMeta = (event) => Boolean(popup && event.source && (event.source === popup || event.source.top === popup))
    && config.popup_origins.includes(event.origin);

  window.addEventListener("message", function heard(event) {
    if (!root.isConnected) { window.removeEventListener("message", heard); return; }
    if (!isOpen || !isMeta(event) || typeof event.data !== "string") return;
    let message;
    try { message = JSON.parse(event.data); } catch { return; }
    if (!message || message.type !== "WA_EMBEDDED_SIGNUP") return;
    const data = message.data && typeof message.data === "object" ? message.data : {};
    if (String(message.event).startsWith("FINISH")) on.ids({ event: String(message.event), data });
    else if (["CANCEL", "ERROR"].includes(message.event)) on.abandoned(message.event, data);
  });

  // Meta's script opens its window inside this click. Intercepting `window.open` is the only way to learn which window
  // that is and whether the browser blocked it.
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

  // For the current window only: the closing of an earlier one may be noticed late.
  const closed = (mine) => { if (mine === launches && isOpen) on.closed(); };

  function silent() {
    // Without focus on this page, the customer is probably working in Meta's window.
    if (!document.hasFocus()) silence = setTimeout(silent, SILENCE_MS);
    else on.silent();
  }

  function start() {
    stop();
    isOpen = true;
    const mine = launches += 1;
    silence = setTimeout(silent, SILENCE_MS);
    login((response) => {
      if (mine !== launches) return;
      if (response.authResponse && response.authResponse.code) on.code(response.authResponse.code);
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

  // Called only when the customer can start; otherwise Meta's script is not needed.
  function load() {
    if (asked) return;
    asked = true;
    const loaded = () => {
      if (ready) return;
      ready = true;
      window.FB.init({ appId: config.app_id, autoLogAppEvents: false, xfbml: false, version: config.graph_version });
      on.ready();
    };
    // With `__buffer`, FB is a stub that only queues calls until the script is loaded.
    if (window.FB && !window.FB.__buffer) { loaded(); return; }
    const theirs = window.fbAsyncInit;
    window.fbAsyncInit = () => { if (theirs) theirs(); loaded(); };
    const failed = () => { if (!ready) on.failed(); };
    const script = Object.assign(document.createElement("script"), { src: config.sdk_url, async: true, crossOrigin: "anonymous" });
    script.addEventListener("error", failed);
    setTimeout(failed, SDK_TIMEOUT_MS);
    document.head.append(script);
  }

  return {
    load, start, stop, stopWatching,
    isReady: () => ready,
    isOpen: () => isOpen,
    // Called when the signup cannot continue, so that the customer does no work in vain.
    close() { if (popup) popup.close(); stop(); },
  };
}
