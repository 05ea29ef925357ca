// The customer's view of a signup, drawn into `root`.
function signupView(root, config, base) {
  // First-strong isolates: inserted values keep their own text direction.
  const t = (key, values = {}) => Object.entries(values).reduce(
    (text, [name, value]) => text.replace(`{${name}}`, () => `\u2068${value}\u2069`), config.texts[key] || "");
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const link = (text, more = {}) => make("a", { className: "here", hidden: true, textContent: t(text), rel: "noreferrer", ...more });

  const notice = make("p", { className: "notice", role: "status" });
  const turn = make("p", { className: "turn", hidden: true });
  const purpose = make("div", { className: "purpose", hidden: true });
  const before = preflight();
  const agreed = make("input", { type: "checkbox" });
  const consent = make("label", { className: "consent", hidden: true }, agreed, make("span", { textContent: t("page.confirm") }));
  const button = make("button", { type: "button", className: "go", hidden: true, textContent: t("page.button") });
  const here = link("page.this_window", { href: `${base}/signup?${new URLSearchParams({ session: config.session, locale: config.language })}` });
  const meta = link("page.status_link", { target: "_blank", href: "https://metastatus.com/whatsapp-business-api" });
  const back = link("page.back");
  const help = link("page.help", config.help_url ? { hidden: false, href: config.help_url } : {});
  const bar = make("progress", { hidden: true, max: 1, value: 0 });
  const steps = make("ol", { className: "steps", hidden: true });
  bar.setAttribute("aria-label", t("page.progress"));
  steps.setAttribute("aria-label", t("page.progress"));
  root.replaceChildren(notice, turn, purpose, before, consent, make("div", { className: "actions" }, button, here, meta, back, help), bar, steps);

  let wanted = false;
  const confirmed = () => !config.confirm || agreed.checked;
  // Not `disabled`, which would lose the keyboard focus.
  const enable = (on = wanted) => { wanted = on; button.setAttribute("aria-disabled", String(!(on && confirmed()))); };
  const say = (text) => { if (notice.textContent !== text) notice.textContent = text; };
  const when = (text) => new Intl.DateTimeFormat(config.language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(text));
  agreed.addEventListener("change", () => enable());
  enable(false);

  function preflight() {
    const lines = ["version", "use", "country", "scan"].map((name) => make("li", { textContent: t(`page.before_app_${name}`) }));
    return make("div", { className: "before", hidden: true }, make("h2", { textContent: t("page.before_app") }), make("ul", {}, ...lines));
  }

  // Before the click: which account is connected to which platform, and what that permits.
  function describe() {
    const { customer_name: customer, platform_name: platform } = config;
    const known = customer && platform ? "both" : customer ? "customer" : platform ? "platform" : "";
    const lines = known ? [make("p", { className: "whom", textContent: t(`page.for_${known}`, { customer, platform }) })] : [];
    purpose.replaceChildren(...lines, make("p", { textContent: t("page.grants") }));
  }

  function drawStep(step) {
    const item = make("li", {}, make("span", { textContent: t(`step.${step.name}`) || step.name }));
    item.dataset.state = step.state;
    item.dataset.step = step.name;
    item.append(make("span", { className: "word", textContent: t(`page.${step.state === "pending" ? "open" : step.state}`) }));
    if (step.message) item.append(make("small", { textContent: step.message }));
    return item;
  }

  function drawTurn(status) {
    turn.hidden = !status.who_acts;
    turn.dataset.who = status.who_acts || "";
    turn.textContent = status.who_acts ? t(`page.turn_${status.who_acts}`) : "";
    if (status.who_acts && status.until) turn.append(" ", make("span", { textContent: t("page.next_look", { time: when(status.until) }) }));
  }

  return {
    t, say, enable, confirmed, button, here, meta,
    said: () => notice.textContent,
    isEnabled: () => button.getAttribute("aria-disabled") !== "true",
    askConsent: () => agreed.focus(),

    // Shows the button: it opens Meta's window, or takes over a link that another browser uses.
    offer(status) {
      describe();
      purpose.hidden = false;
      before.hidden = config.flow !== "coexistence";
      consent.hidden = !config.confirm;
      button.textContent = t(status.elsewhere ? "page.take_over" : status.state === "relaunch" ? "page.again" : "page.button");
      button.hidden = false;
    },

    // Hides the button and everything around it.
    settle() {
      enable(false);
      agreed.checked = false;
      button.hidden = purpose.hidden = before.hidden = consent.hidden = here.hidden = meta.hidden = true;
    },

    offerThisWindow(text) {
      say(text);
      here.hidden = false;
    },

    offerReturn: (url) => Object.assign(back, { href: url, hidden: false }),

    draw(status) {
      const done = status.steps.filter((step) => ["done", "skipped"].includes(step.state)).length;
      steps.hidden = bar.hidden = status.steps.length === 0;
      Object.assign(bar, { max: Math.max(1, status.steps.length), value: done });
      steps.replaceChildren(...status.steps.map(drawStep));
      root.dataset.state = status.state;
      drawTurn(status);
    },
  };
}
