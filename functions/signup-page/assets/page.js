"use strict";
(() => {
  // Meta's code lives 30 seconds: ids that come later than this are not waited for.
  const IDS_PATIENCE_MS = 3000;
  // A popup that answers nothing is explained after this.
  const SILENCE_MS = 20000;
  const POLL_MS = 1000;
  const NAMES = {
    verify_grant: "Account confirmed", find_number: "Number found", subscribe_app: "Messages subscribed",
    share_credit: "Credit line shared", register_number: "Number registered", read_templates: "Templates read",
    check_reception: "Reception checked", await_payment_method: "Payment method",
    join_record: "Added to your connection", retire_token: "Earlier permission replaced", override_callback: "Message address set",
    sync_contacts: "Contacts taken over", sync_history: "History taken over", await_review: "Account reviewed",
    await_verification: "Business verified", clear_override: "Message address given back",
    revoke_credit: "Credit line taken back", deregister_number: "Number released", unsubscribe_app: "Messages unsubscribed",
    destroy_token: "Permission destroyed",
  };

  const element = (id) => document.getElementById(id);
  const config = JSON.parse(element("config").textContent);
  if (!config) return;

  const button = element("connect");
  const say = (text) => { element("notice").textContent = text; };
  let code = null;
  let ids = null;
  let sent = false;
  let silence = 0;

  function reset() {
    code = null;
    ids = null;
    sent = false;
    clearTimeout(silence);
    button.hidden = false;
    button.disabled = false;
  }

  async function post(path, body) {
    return fetch(path, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), cache: "no-store",
    });
  }

  // The popup's two answers come in either order, or one of them not at all.
  function arrived() {
    if (!code || sent) return;
    clearTimeout(silence);
    if (ids) complete();
    else setTimeout(complete, IDS_PATIENCE_MS);
  }

  async function complete() {
    if (sent || !code) return;
    sent = true;
    button.disabled = true;
    say("Completing the connection…");
    const body = { session: config.session, code };
    if (ids) {
      body.event = ids.event;
      for (const key of ["waba_id", "phone_number_id", "business_id"]) if (ids.data[key]) body[key] = String(ids.data[key]);
    }
    try {
      const reply = await post("/signup/callback", body);
      if (!reply.ok) say((await reply.json()).title);
    } catch {
      say("The connection was interrupted. We are checking what became of it…");
    }
    poll();
  }

  function abandoned(event, data) {
    const body = { session: config.session, event };
    for (const key of ["current_step", "error_code", "error_message", "session_id"]) if (data[key] != null) body[key] = data[key];
    if (body.error_message) body.error_message = String(body.error_message).slice(0, 256);
    post("/signup/abandoned", body).catch(() => {});
    say(data.error_message ? `Meta reported: ${String(data.error_message).slice(0, 256)}` : "The signup was not finished. You can start again.");
    reset();
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

  window.fbAsyncInit = () => {
    FB.init({ appId: config.app_id, autoLogAppEvents: false, xfbml: false, version: config.graph_version });
    button.disabled = false;
  };

  button.addEventListener("click", () => {
    button.disabled = true;
    say("Please finish the steps in Meta's window.");
    silence = setTimeout(() => {
      say("No answer from Meta's window yet. If it did not open, allow popups for this page and try again.");
      button.disabled = false;
    }, SILENCE_MS);
    FB.login((response) => {
      if (response.authResponse && response.authResponse.code) {
        code = response.authResponse.code;
        arrived();
      } else if (!ids) {
        reset();
        say("Meta's window was closed before the signup was finished. You can start again.");
      }
    }, { config_id: config.config_id, response_type: "code", override_default_response_type: true, extras: config.extras });
  });

  function show(status) {
    const list = element("steps");
    list.hidden = status.steps.length === 0;
    list.replaceChildren(...status.steps.map((step) => {
      const item = document.createElement("li");
      item.dataset.state = step.state;
      item.dataset.step = step.name;
      item.append(NAMES[step.name] || step.name);
      if (step.message) item.append(Object.assign(document.createElement("small"), { textContent: step.message }));
      return item;
    }));
    document.body.dataset.state = status.state;
    if (status.message) say(status.message);
  }

  async function poll() {
    let status = null;
    try {
      const reply = await fetch(`/signup/status?session=${encodeURIComponent(config.session)}`, { cache: "no-store" });
      if (reply.ok) status = await reply.json();
    } catch { /* asked again below */ }
    if (!status) { setTimeout(poll, POLL_MS); return; }
    show(status);
    if (status.state === "open" || status.state === "relaunch") { reset(); return; }
    button.hidden = true;
    if (status.state === "ready" && config.return_url) {
      element("return-link").href = config.return_url;
      element("return").hidden = false;
    }
    if (!["ready", "left", "expired"].includes(status.state)) setTimeout(poll, POLL_MS);
  }

  button.hidden = false;
  const sdk = Object.assign(document.createElement("script"), { src: config.sdk_url, async: true, crossOrigin: "anonymous" });
  sdk.addEventListener("error", () => say("Meta's sign-up could not be loaded. Check your connection or content blocker and reload."));
  document.head.append(sdk);
  poll();
})();
