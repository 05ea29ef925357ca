// One signup: a click binds the link to this browser and opens Meta's window; its result goes to the server, and the
// progress is shown. `root` is an element of our page, or in a shadow root on a platform's page.
function connectWhatsApp(root, config, options) {
  const { base, onStatus = () => {}, ownPage = false, returned = null, launchStore = { get() {}, set() {} } } = options;
  // Meta's code is valid for 30 seconds, so the page does not wait longer than this for the ids.
  const IDS_PATIENCE_MS = 3000;
  // Poll intervals: while steps run, while waiting, and before the signup starts.
  const POLL_MS = 1000, WAIT_MS = 15000, IDLE_MS = 60000, LONGEST_MS = 30000;
  const RUNNING = ["exchanging", "onboarding"], RUNNING_POLLS = 120;
  const OVER = ["ready", "left", "expired", "revoked"];

  const view = signupView(root, config, base);
  const { t, say } = view;
  const server = signupServer(config, base, launchStore);
  const meta = metaWindow(root, config, {
    ready() { if (!sent && !meta.isOpen()) view.enable(true); },
    failed() { if (!view.button.hidden) view.offerThisWindow(t("page.sdk_failed")); },
    code(given) { code = given; arrived(); },
    ids(given) { ids = given; arrived(); },
    abandoned(event, data) { if (!code) abandoned(event, data); },
    closed() { if (!code && !cancelled) { reset(); say(t("page.closed")); } },
    silent() { view.enable(true); view.offerThisWindow(t("page.silent")); },
  });

  let code = null, redirect = null, ids = null, binding = null, sent = false, cancelled = false;
  // Another browser uses the link: the next click takes it over.
  let elsewhere = false, refusedElsewhere = false;
  let timer = 0, polls = 0, pause = POLL_MS, last = "", offlineSince = null;

  function reset() {
    code = redirect = ids = binding = null;
    sent = cancelled = false;
    meta.stop();
    view.button.hidden = false;
    view.enable(meta.isReady());
  }

  // The popup's code and ids arrive in either order, and the ids may not arrive at all.
  function arrived() {
    if (!code || sent) return;
    meta.stopWatching();
    view.enable(false);
    view.here.hidden = true;
    say(t("page.completing"));
    if (ids) complete();
    else setTimeout(complete, IDS_PATIENCE_MS);
  }

  function launch() {
    const launching = server.launch({ confirmed: view.confirmed(), take_over: elsewhere });
    return launching.then((values) => { refusedElsewhere = false; return values; });
  }

  // Nothing was connected, and the window that is open now cannot connect anything.
  function notLaunched(error) {
    meta.close();
    reset();
    refusedElsewhere = Boolean(error.problem && error.problem.code === "opened_elsewhere");
    const refusal = error.problem ? explainProblem(t, error.problem) : t("page.interrupted");
    say(refusal);
    last = "";
    poll(refusal);
  }

  async function complete() {
    if (sent || !code) return;
    sent = true;
    view.settle();
    say(t("page.completing"));
    const body = { code };
    if (redirect) body.redirect_uri = redirect;
    if (ids) {
      body.event = ids.event;
      for (const key of ["waba_id", "phone_number_id", "business_id"]) if (ids.data[key]) body[key] = String(ids.data[key]);
    }
    let refusal = "";
    try {
      body.launch = (await binding).launch;
      const reply = await server.callback(body, () => say(t("page.interrupted")));
      if (!reply.ok) say(refusal = explainProblem(t, await reply.json().catch(() => ({}))));
    } catch (error) {
      say(error.problem ? refusal = explainProblem(t, error.problem) : t("page.interrupted"));
    }
    meta.stop();
    last = "";
    poll(refusal);
  }

  function abandoned(event, data) {
    const body = { event };
    for (const key of ["current_step", "error_code", "error_message", "session_id"]) if (data[key] != null) body[key] = data[key];
    if (body.error_message) body.error_message = String(body.error_message).slice(0, 256);
    server.abandoned(body);
    const { text, atMeta } = explainPopup(t, data);
    reset();
    cancelled = true;
    view.meta.hidden = !atMeta;
    say(text);
  }

  view.button.addEventListener("click", () => {
    if (!view.confirmed()) { view.askConsent(); return; }
    if (!view.isEnabled()) return;
    reset();
    view.enable(false);
    view.here.hidden = view.meta.hidden = true;
    say(t("page.in_window"));
    // The window must open within the click, or browsers block it; the link is bound meanwhile.
    const mine = binding = launch();
    mine.catch((error) => { if (mine === binding && !sent) notLaunched(error); });
    if (meta.start()) return;
    view.enable(true);
    view.offerThisWindow(t("page.blocked"));
  });

  // Meta's full-page flow returns to our own page only; on a platform's page the link opens our page instead.
  view.here.addEventListener("click", (event) => {
    if (!ownPage) return;
    event.preventDefault();
    if (!view.confirmed()) { view.askConsent(); return; }
    meta.stop();
    launch().then((values) => location.assign(values.login_url)).catch(notLaunched);
  });

  // Draws and reports a status only when it changed.
  function show(status, refusal) {
    const current = JSON.stringify(status);
    if (current === last) return;
    last = current;
    view.draw(status);
    const idle = status.elsewhere ? t("page.elsewhere") : "";
    if (!refusal || !status.can_start) say(status.elsewhere ? idle : status.message || (status.can_start ? idle : t("page.completing")));
    onStatus(status);
  }

  function later(ms, refusal = "") {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!document.hidden) poll(refusal);
      else document.addEventListener("visibilitychange", () => poll(refusal), { once: true });
    }, ms);
  }

  async function readStatus() {
    try {
      const reply = await server.read("status");
      if (offlineSince !== null) say(offlineSince);
      offlineSince = null;
      return reply;
    } catch {
      offlineSince ??= view.said();
      say(t("page.offline"));
      return null;
    }
  }

  async function poll(refusal = "") {
    if (!root.isConnected) return;
    const reply = await readStatus();
    // Meta's window was opened meanwhile: do not show this response over its message.
    if (meta.isOpen()) { later(IDLE_MS); return; }
    if (reply && [403, 404].includes(reply.status)) {
      view.settle();
      say(t(reply.status === 404 ? "page.link_unknown" : "problem.origin_denied"));
      return;
    }
    const status = reply && reply.ok ? await reply.json().catch(() => null) : null;
    if (!status || (status.can_start && !(await isPrepared()))) { later(pause = Math.min(LONGEST_MS, pause * 2), refusal); return; }
    pause = POLL_MS;
    status.elsewhere = status.can_start && (status.elsewhere || refusedElsewhere);
    show(status, refusal);
    if (status.can_start) begin(status);
    else wait(status);
  }

  // The page of a used link has no launch values; they are read here if the customer has to click again.
  async function isPrepared() {
    if (config.extras) return true;
    const answer = await server.read("session").then((reply) => reply.json()).catch(() => ({}));
    Object.assign(config, answer.launch);
    return Boolean(config.extras);
  }

  function begin(status) {
    elsewhere = status.elsewhere;
    view.offer(status);
    meta.load();
    if (sent || meta.isReady() !== view.isEnabled()) reset();
    later(IDLE_MS);
  }

  function wait(status) {
    view.settle();
    if (status.state === "ready" && status.return_url) view.offerReturn(status.return_url);
    if (OVER.includes(status.state)) return;
    polls += 1;
    later(RUNNING.includes(status.state) && polls < RUNNING_POLLS ? POLL_MS : WAIT_MS);
  }

  if (returned && config.returned_state) {
    [code, redirect, binding] = [returned, config.redirect_uri, Promise.resolve({ launch: config.returned_state })];
    complete();
  } else if (config.returned_error) {
    abandoned("CANCEL", { error_code: config.returned_error });
    poll(view.said());
  } else {
    poll();
  }
}
