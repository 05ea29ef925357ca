(() => {
  for (const time of document.querySelectorAll("time")) {
    const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
    time.textContent = format.format(new Date(time.dateTime));
  }
  const config = JSON.parse(document.getElementById("config").textContent);
  if (!config) return;
  // A code that came with the address is used once and does not stay in it.
  if (config.code || config.returned_error) {
    history.replaceState(null, "", `../signup?${new URLSearchParams({ session: config.session, locale: config.language })}`);
  }
  connectWhatsApp(document.getElementById("connect-whatsapp"), config, config.base);
})();
