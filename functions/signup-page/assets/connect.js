"use strict";
// Draws the button and the progress into `root`, which is a place in our page or a shadow root in a platform's own.
// eslint-disable-next-line no-unused-vars
function connectWhatsApp(root, config, base, told = () => {}) {
  // Meta's code lives 30 seconds: ids that come later than this are not waited for.
  const IDS_PATIENCE_MS = 3000;
  // A window that answers nothing is explained after this.
  const SILENCE_MS = 20000;
  // A window that was closed may still have sent its last word.
  const CLOSING_MS = 1500;
  const POLL_MS = 1000;
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

  const t = (key, values = {}) =>
    Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), config.texts[key] || "");
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const notice = make("p", { className: "notice", role: "status", ariaLive: "polite" });
  const turn = make("p", { className: "turn", hidden: true });
  const button = make("button", { type: "button", className: "go", hidden: true, disabled: true, textContent: t("page.button") });
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

  let code = null, redirect = null, ids = null, sent = false, cancelled = false, silence = 0, watch = 0, popup = null, blocked = false;
  const say = (text) => { if (notice.textContent !== text) notice.textContent = text; };

  function preflight() {
    const list = make("div", { className: "before", hidden: config.flow !== "coexistence" });
    const lines = ["version", "use", "country", "scan"].map((name) => make("li", { textContent: t(`page.before_app_${name}`) }));
    list.append(make("h2", { textContent: t("page.before_app") }), make("ul", {}, ...lines));
    return list;
  }

  function reset() {
    code = redirect = ids = popup = null;
    sent = cancelled = blocked = false;
    clearTimeout(silence);
    clearInterval(watch);
    button.hidden = false;
    button.disabled = !window.FB;
  }

  function offerThisWindow(text) {
    say(text);
    if (config.login_url) Object.assign(here, { href: config.login_url, hidden: false });
  }

  const post = (path, body) => fetch(base + path, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), cache: "no-store",
  });

  // The popup's two answers come in either order, or one of them not at all.
  function arrived() {
    if (!code || sent) return;
    clearTimeout(silence);
    clearInterval(watch);
    if (ids) complete();
    else setTimeout(complete, IDS_PATIENCE_MS);
  }

  async function complete() {
    if (sent || !code) return;
    sent = true;
    button.disabled = true;
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
      const reply = await post("/signup/callback", body);
      if (!reply.ok) {
        const problem = await reply.json();
        refusal = t(`problem.${problem.code}`) || t("problem.other");
        say(refusal);
      }
    } catch {
      say(t("page.interrupted"));
    }
    poll(refusal);
  }

  function abandoned(event, data) {
    cancelled = true;
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

  window.addEventListener("message", (event) => {
    if (!config.popup_origins.includes(event.origin) || typeof event.data !== "string") return;
    let message;
    try { message = JSON.parse(event.data); } catch { return; }
    if (!message || message.type !== "WA_EMBEDDED_SIGNUP") return;
    const data = message.data && typeof message.data === "object" ? message.data : {};
    if (String(message.event).startsWith("FINISH")) {
      ids = { event: String(message.event), data };
      arrived();
    } else if (!code) {
      abandoned(String(message.event), data);
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

  function closed() {
    if (code || ids || cancelled) return;
    reset();
    say(t("page.closed"));
  }

  button.addEventListener("click", () => {
    reset();
    button.disabled = true;
    here.hidden = meta.hidden = true;
    say(t("page.in_window"));
    silence = setTimeout(() => {
      button.disabled = false;
      offerThisWindow(t("page.silent"));
    }, SILENCE_MS);
    launch((response) => {
      if (response.authResponse && response.authResponse.code) {
        code = response.authResponse.code;
        arrived();
      } else if (!blocked) {
        setTimeout(closed, CLOSING_MS);
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
      setTimeout(closed, CLOSING_MS);
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

  function show(status, refusal) {
    const done = status.steps.filter((step) => ["done", "skipped"].includes(step.state)).length;
    steps.hidden = bar.hidden = status.steps.length === 0;
    Object.assign(bar, { max: Math.max(1, status.steps.length), value: done });
    const drawn = JSON.stringify(status.steps);
    if (steps.dataset.drawn !== drawn) {
      steps.dataset.drawn = drawn;
      steps.replaceChildren(...status.steps.map(drawStep));
    }
    root.dataset.state = status.state;
    turn.hidden = !status.who_acts;
    turn.dataset.who = status.who_acts || "";
    turn.textContent = status.who_acts ? t(`page.turn_${status.who_acts}`) : "";
    if (status.who_acts && status.until) turn.append(" ", make("span", { textContent: t("page.next_look", { time: when(status.until) }) }));
    if (status.message && !refusal) say(status.message);
    told(status);
  }

  async function poll(refusal = "") {
    let status = null;
    try {
      const query = new URLSearchParams({ session: config.session, locale: config.language });
      const reply = await fetch(`${base}/signup/status?${query}`, { cache: "no-store" });
      if (reply.ok) status = await reply.json();
    } catch { say(t("page.offline")); }
    if (!status) { setTimeout(poll, POLL_MS, refusal); return; }
    show(status, refusal);
    if (status.state === "relaunch") button.textContent = t("page.again");
    if (status.can_start) { before.hidden = config.flow !== "coexistence"; reset(); return; }
    button.hidden = before.hidden = true;
    if (status.state === "ready" && status.return_url) Object.assign(back, { href: status.return_url, hidden: false });
    if (!OVER.includes(status.state)) setTimeout(poll, POLL_MS);
  }

  function loadSdk() {
    const ready = () => {
      window.FB.init({ appId: config.app_id, autoLogAppEvents: false, xfbml: false, version: config.graph_version });
      button.disabled = false;
    };
    if (window.FB) { ready(); return; }
    window.fbAsyncInit = ready;
    const sdk = make("script", { src: config.sdk_url, async: true, crossOrigin: "anonymous" });
    sdk.addEventListener("error", () => offerThisWindow(t("page.sdk_failed")));
    document.head.append(sdk);
  }

  loadSdk();
  if (config.code) { code = config.code; redirect = config.redirect_uri; complete(); }
  else if (config.returned_error) { abandoned("CANCEL", { error_code: config.returned_error }); }
  else poll();
}
