(() => {
  const script = document.currentScript;
  const base = new URL(script.src).href.split("/signup/embed.js")[0];
  const { session, target } = script.dataset;
  const place = document.getElementById(target || "connect-whatsapp");
  if (!place || !session) { console.error("connect-whatsapp: the element or data-session is missing"); return; }
  const shadow = place.shadowRoot || place.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  shadow.adoptedStyleSheets = [sheet];
  const inside = document.createElement("div");
  inside.className = "connect";
  shadow.replaceChildren(inside);
  const told = (status) => place.dispatchEvent(new CustomEvent("connect-whatsapp", { detail: status, bubbles: true }));
  const query = new URLSearchParams({ session, locale: document.documentElement.lang });
  fetch(`${base}/signup/session?${query}`, { cache: "no-store" })
    .then(async (reply) => {
      const answer = await reply.json();
      if (!reply.ok) { inside.textContent = answer.title; return; }
      Object.assign(inside, { lang: answer.language, dir: answer.direction });
      if (answer.notice) { inside.textContent = answer.notice; return; }
      connectWhatsApp(inside, answer.launch, base, told);
    })
    .catch((error) => console.error("connect-whatsapp:", error.message));
})();
