(() => {
  const config = JSON.parse(document.getElementById("config").textContent);
  if (!config) return;
  // A code that came with the address is used once and does not stay in it.
  if (config.code || config.returned_error) history.replaceState(null, "", `../signup?session=${encodeURIComponent(config.session)}`);
  connectWhatsApp(document.getElementById("connect-whatsapp"), config, config.base);
})();
