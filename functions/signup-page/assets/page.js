for (const time of document.querySelectorAll("time")) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
  time.textContent = format.format(new Date(time.dateTime));
}
const config = JSON.parse(document.getElementById("config").textContent);
const code = new URLSearchParams(location.search).get("code");
// The code and state are used at most once; remove them from the address bar.
if (location.pathname.endsWith("/signup/return")) {
  const link = config ? `../signup?${new URLSearchParams({ session: config.session, locale: config.language })}` : location.pathname;
  history.replaceState(null, "", link);
}
if (config) connectWhatsApp(document.getElementById("connect-whatsapp"), config, { base: config.base, ownPage: true, returned: code });
