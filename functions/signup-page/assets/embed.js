(() => {
  const RETRY_MS = 3000;
  const script = document.currentScript;
  const base = new URL(script.src).href.split("/signup/embed.js")[0];
  const { session, target } = script.dataset;
  const place = document.getElementById(target || "connect-whatsapp");
  if (!place || !session) { console.error("connect-whatsapp: the element or data-session is missing"); return; }
  const shadow = place.shadowRoot || place.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  shadow.adoptedStyleSheets = [sheet];
  const inside = Object.assign(document.createElement("div"), { className: "connect embedded" });
  shadow.replaceChildren(inside);
  // The launch value identifies this tab; it survives a reload, but not the tab.
  const launchStore = {
    get() { try { return sessionStorage.getItem("connect-whatsapp"); } catch { return null; } },
    set(launch) { try { sessionStorage.setItem("connect-whatsapp", launch); } catch { /* then the customer is asked again after a reload */ } },
  };
  const onStatus = (status) => place.dispatchEvent(new CustomEvent("connect-whatsapp", { detail: status, bubbles: true }));
  const query = new URLSearchParams({ session, locale: document.documentElement.lang });

  function show(answer) {
    Object.assign(inside, { lang: answer.language, dir: answer.direction });
    if (answer.launch) { connectWhatsApp(inside, answer.launch, { base, onStatus, launchStore }); return; }
    inside.replaceChildren(Object.assign(document.createElement("p"), { className: "notice", role: "status", textContent: answer.notice }));
    onStatus({ state: "closed", message: answer.notice });
  }

  async function load() {
    if (!inside.isConnected) return;
    let reply = null;
    try { reply = await fetch(`${base}/signup/session?${query}`, { cache: "no-store" }); } catch { /* retried below */ }
    if (reply && reply.ok) show(await reply.json());
    else if (reply && reply.status < 500 && reply.status !== 429) console.error("connect-whatsapp:", (await reply.json()).title);
    else setTimeout(load, RETRY_MS);
  }
  load();
})();
