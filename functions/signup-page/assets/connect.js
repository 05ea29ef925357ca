"use strict";
// Draws the button and the progress into `root`, which is a place in our page or in a shadow root of a platform's own.
// eslint-disable-next-line no-unused-vars
function connectWhatsApp(root, config, base, told = () => {}) {
  // Meta's code lives 30 seconds: ids that come later than this are not waited for.
  const IDS_PATIENCE_MS = 3000;
  // A window that answers nothing is explained after this.
  const SILENCE_MS = 20000;
  // A window that was closed may still have sent its last word.
  const CLOSING_MS = 1500;
  // A script of Meta's that is held back by a content blocker says nothing.
  const SDK_PATIENCE_MS = 8000;
  // While the server is busy the code is brought again: it lives 30 seconds, and a repeat gets the same answer.
  const DELIVERIES_MS = [1000, 2000, 4000, 8000, 0];
  const BUSY = [429, 500, 503, 504];
  // Between two looks: while steps run, while something is waited for, before anything began.
  const POLL_MS = 1000, WAIT_MS = 15000, IDLE_MS = 60000, LONGEST_MS = 30000;
  const RUNNING = ["exchanging", "onboarding"], RUNNING_LOOKS = 120;
  const OVER = ["ready", "left", "expired"];
  // Meta: "Embedded Signup errors"; what a person can do about them.
  const POPUP_ERRORS = {
    portfolio: [2388098, 2494067, 1690114, 1752089], verification_running: [2494030],
    name: [1690062, 1690089, 1690090, 1690091, 2593010, 3771014, 2388009, 2388010], captcha: [2655091],
    other_business: [3441041], activity: [3441045], not_in_app: [2655095, 2655048], region: [3441042],
    recently_disconnected: [3441049, 2655094], registered: [3441030], app_old: [4563015], marketing: [3441047],
    code_attempts: [2593037, 2593039, 2494158, 2388091, 2388093], number_limit: [3441051, 2655011, 2388002],
    busy: [3441033, 3441046, 1390006, 1675004, 1390008, 1675030, 1675012, 2593030, 1752224, 3441003, 4056009],
    shared: [2655049, 2494028, 2494029, 2593072, 2494091, 2494120, 2494119],
    restricted: [2655089, 3441040, 2388107, 2859015, 1784028, 1404163], login: [2859009, 4612001, 2859043, 2136001],
  };
  const CANNOT_ONBOARD = /onboard customers|can.t onboard/i;
  const OWN_BUSINESS = /own(s)? (the|this) app|same business/i;

  // What is put into a sentence keeps its own direction.
  const t = (key, values = {}) => Object.entries(values).reduce(
    (text, [name, value]) => text.replace(`{${name}}`, () => `\u2068${value}\u2069`), config.texts[key] || "");
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const notice = make("p", { className: "notice", role: "status" });
  const turn = make("p", { className: "turn", hidden: true });
  const button = make("button", { type: "button", className: "go", hidden: true, textContent: t("page.button") });
  const here = make("a", { className: "here", hidden: true, textContent: t("page.this_window"), rel: "noreferrer" });
  const meta = make("a", { className: "here", hidden: true, textContent: t("page.status_link"), rel: "noreferrer", target: "_blank" });
  meta.href = "https://metastatus.com/whatsapp-business-api";
  const before = preflight();
  const bar = make("progress", { hidden: true, max: 1, value: 0 });
  const steps = make("ol", { className: "steps", hidden: true });
  const back = make("a", { className: "here", hidden: true, textContent: t("page.back"), rel: "noreferrer" });
  bar.setAttribute("aria-label", t("page.progress"));
  steps.setAttribute("aria-label", t("page.progress"));
  root.replaceChildren(notice, turn, before, make("div", { className: "actions" }, button, here, meta, back), bar, steps);

  let code = null, redirect = null, ids = null, sent = false, cancelled = false, launched = false, launches = 0;
  let silence = 0, watch = 0, popup = null, blocked = false, sdk = false, sdkReady = false;
  let timer = 0, looks = 0, pause = POLL_MS, last = "", offlineSince = null;
  const say = (text) => { if (notice.textContent !== text) notice.textContent = text; };
  // Not `disabled`: the focus stays where it is.
  const enable = (on) => button.setAttribute("aria-disabled", String(!on));
  enable(false);

  function preflight() {
    const list = make("div", { className: "before", hidden: config.flow !== "coexistence" });
    const lines = ["version", "use", "country", "scan"].map((name) => make("li", { textContent: t(`page.before_app_${name}`) }));
    list.append(make("h2", { textContent: t("page.before_app") }), make("ul", {}, ...lines));
    return list;
  }

  function reset() {
    code = redirect = ids = popup = null;
    sent = cancelled = blocked = launched = false;
    clearTimeout(silence);
    clearInterval(watch);
    button.hidden = false;
    enable(sdkReady);
  }

  function offerThisWindow(text) {
    say(text);
    Object.assign(here, { href: config.login_url, hidden: false });
  }

  const post = (path, body) => fetch(base + path, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), cache: "no-store",
  });

  // The popup's two answers come in either order, or one of them not at all.
  function arrived() {
    if (!code || sent) return;
    clearTimeout(silence);
    clearInterval(watch);
    enable(false);
    here.hidden = true;
    say(t("page.completing"));
    if (ids) complete();
    else setTimeout(complete, IDS_PATIENCE_MS);
  }

  async function deliver(body) {
    for (const wait of DELIVERIES_MS) {
      try {
        const reply = await post("/signup/callback", body);
        if (!wait || !BUSY.includes(reply.status) || reply.headers.get("retry-after") > 30) return reply;
      } catch (error) {
        if (!wait) throw error;
        say(t("page.interrupted"));
      }
      await new Promise((done) => setTimeout(done, wait));
    }
    return null;
  }

  function refused(problem) {
    const links = { session_expired: "page.link_expired", session_not_found: "page.link_unknown" };
    return t(`problem.${problem.code}`) || t(links[problem.code] || "problem.other");
  }

  async function complete() {
    if (sent || !code) return;
    sent = true;
    enable(false);
    here.hidden = meta.hidden = before.hidden = true;
    say(t("page.completing"));
    const body = { session: config.session, code };
    if (redirect) body.redirect_uri = redirect;
    if (ids) {
      body.event = ids.event;
      for (const key of ["waba_id", "phone_number_id", "business_id"]) if (ids.data[key]) body[key] = String(ids.data[key]);
    }
    let refusal = "";
    try {
      const reply = await deliver(body);
      if (!reply.ok) say(refusal = refused(await reply.json().catch(() => ({}))));
    } catch {
      say(t("page.interrupted"));
    }
    launched = false;
    last = "";
    poll(refusal);
  }

  function abandoned(event, data) {
    const body = { session: config.session, event };
    for (const key of ["current_step", "error_code", "error_message", "session_id"]) if (data[key] != null) body[key] = data[key];
    if (body.error_message) body.error_message = String(body.error_message).slice(0, 256);
    post("/signup/abandoned", body).catch(() => {});
    const text = explained(data);
    reset();
    cancelled = true;
    say(text);
  }

  // What Meta says in its own words, then what can be done about it.
  function explained(data) {
    const message = data.error_message ? String(data.error_message).slice(0, 256) : "";
    const known = Object.entries(POPUP_ERRORS).find(([, codes]) => codes.includes(Number(data.error_code)));
    const advice = known ? t(`popup.${known[0]}`)
      : OWN_BUSINESS.test(message) ? t("page.own_business")
        : CANNOT_ONBOARD.test(message) ? t("page.cannot_onboard") : "";
    meta.hidden = !(CANNOT_ONBOARD.test(message) || (known && ["busy", "restricted"].includes(known[0])));
    if (message || advice) return [message && t("page.reported", { message }), advice].filter(Boolean).join(" ");
    const step = data.current_step && t(`screen.${data.current_step}`);
    return step ? t("page.cancelled_at", { step }) : t("page.cancelled");
  }

  window.addEventListener("message", function heard(event) {
    if (!root.isConnected) { window.removeEventListener("message", heard); return; }
    if (!launched || !config.popup_origins.includes(event.origin) || typeof event.data !== "string") return;
    let message;
    try { message = JSON.parse(event.data); } catch { return; }
    if (!message || message.type !== "WA_EMBEDDED_SIGNUP") return;
    const data = message.data && typeof message.data === "object" ? message.data : {};
    if (String(message.event).startsWith("FINISH")) {
      ids = { event: String(message.event), data };
      arrived();
    } else if (!code && ["CANCEL", "ERROR"].includes(message.event)) {
      abandoned(message.event, data);
    }
  });

  // The SDK opens its window inside this click; whether it did is known from nowhere else.
  function launch(then) {
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
  function closed(mine) {
    if (mine !== launches || code || cancelled) return;
    reset();
    say(t("page.closed"));
  }

  function explainSilence() {
    // Somebody who works in Meta's window is not silent.
    if (!document.hasFocus()) { silence = setTimeout(explainSilence, SILENCE_MS); return; }
    enable(true);
    offerThisWindow(t("page.silent"));
  }

  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    reset();
    launched = true;
    const mine = launches += 1;
    enable(false);
    here.hidden = meta.hidden = true;
    say(t("page.in_window"));
    silence = setTimeout(explainSilence, SILENCE_MS);
    launch((response) => {
      if (mine !== launches) return;
      if (response.authResponse && response.authResponse.code) {
        code = response.authResponse.code;
        arrived();
      } else if (!blocked) {
        setTimeout(closed, CLOSING_MS, mine);
      }
    });
    if (blocked) {
      reset();
      offerThisWindow(t("page.blocked"));
      return;
    }
    watch = setInterval(() => {
      if (!popup || !popup.closed) return;
      clearInterval(watch);
      setTimeout(closed, CLOSING_MS, mine);
    }, 500);
  });

  const words = (state) => t(`page.${state === "pending" ? "open" : state}`);
  const when = (text) => new Intl.DateTimeFormat(config.language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(text));

  function drawStep(step) {
    const item = make("li", {}, make("span", { textContent: t(`step.${step.name}`) || step.name }));
    item.dataset.state = step.state;
    item.dataset.step = step.name;
    item.append(make("span", { className: "word", textContent: words(step.state) }));
    if (step.message) item.append(make("small", { textContent: step.message }));
    return item;
  }

  function drawTurn(status) {
    turn.hidden = !status.who_acts;
    turn.dataset.who = status.who_acts || "";
    turn.textContent = status.who_acts ? t(`page.turn_${status.who_acts}`) : "";
    if (status.who_acts && status.until) turn.append(" ", make("span", { textContent: t("page.next_look", { time: when(status.until) }) }));
  }

  // Only what is new is drawn and told.
  function show(status, refusal) {
    const news = JSON.stringify(status);
    if (news === last) return;
    last = news;
    const done = status.steps.filter((step) => ["done", "skipped"].includes(step.state)).length;
    steps.hidden = bar.hidden = status.steps.length === 0;
    Object.assign(bar, { max: Math.max(1, status.steps.length), value: done });
    steps.replaceChildren(...status.steps.map(drawStep));
    root.dataset.state = status.state;
    drawTurn(status);
    if (!refusal || !status.can_start) say(status.message || (status.can_start ? "" : t("page.completing")));
    told(status);
  }

  function later(ms, refusal = "") {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!document.hidden) poll(refusal);
      else document.addEventListener("visibilitychange", () => poll(refusal), { once: true });
    }, ms);
  }

  async function looked() {
    const query = new URLSearchParams({ session: config.session, locale: config.language });
    try {
      const reply = await fetch(`${base}/signup/status?${query}`, { cache: "no-store" });
      if (offlineSince !== null) say(offlineSince);
      offlineSince = null;
      return reply;
    } catch {
      offlineSince ??= notice.textContent;
      say(t("page.offline"));
      return null;
    }
  }

  async function poll(refusal = "") {
    if (!root.isConnected) return;
    const reply = await looked();
    // Somebody is in Meta's window by now: what was asked before is not shown over it.
    if (launched) { later(IDLE_MS); return; }
    if (reply && [403, 404].includes(reply.status)) {
      button.hidden = true;
      say(t(reply.status === 404 ? "page.link_unknown" : "problem.origin_denied"));
      return;
    }
    const status = reply && reply.ok ? await reply.json().catch(() => null) : null;
    if (!status) { later(pause = Math.min(LONGEST_MS, pause * 2), refusal); return; }
    pause = POLL_MS;
    show(status, refusal);
    if (status.state === "relaunch") button.textContent = t("page.again");
    if (status.can_start) begin();
    else wait(status);
  }

  function begin() {
    before.hidden = config.flow !== "coexistence";
    loadSdk();
    if (button.hidden || sent) reset();
    later(IDLE_MS);
  }

  function wait(status) {
    button.hidden = before.hidden = here.hidden = meta.hidden = true;
    if (status.state === "ready" && status.return_url) Object.assign(back, { href: status.return_url, hidden: false });
    if (OVER.includes(status.state)) return;
    looks += 1;
    later(RUNNING.includes(status.state) && looks < RUNNING_LOOKS ? POLL_MS : WAIT_MS);
  }

  // Only for who may begin: nobody else needs a script of Meta's.
  function loadSdk() {
    if (sdk) return;
    sdk = true;
    const ready = () => {
      if (sdkReady) return;
      sdkReady = true;
      window.FB.init({ appId: config.app_id, autoLogAppEvents: false, xfbml: false, version: config.graph_version });
      if (!sent && !launched) enable(true);
    };
    // What stands there while the SDK is on its way only takes notes.
    if (window.FB && !window.FB.__buffer) { ready(); return; }
    const theirs = window.fbAsyncInit;
    window.fbAsyncInit = () => { if (theirs) theirs(); ready(); };
    const failed = () => { if (!sdkReady && !button.hidden) offerThisWindow(t("page.sdk_failed")); };
    const script = make("script", { src: config.sdk_url, async: true, crossOrigin: "anonymous" });
    script.addEventListener("error", failed);
    setTimeout(failed, SDK_PATIENCE_MS);
    document.head.append(script);
  }

  if (config.code) { code = config.code; redirect = config.redirect_uri; complete(); }
  else if (config.returned_error) { abandoned("CANCEL", { error_code: config.returned_error }); poll(notice.textContent); }
  else poll();
}
