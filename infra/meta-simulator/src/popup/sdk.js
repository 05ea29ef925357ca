// The parts of Facebook's JavaScript SDK that the page needs: FB.init and FB.login with a code.
"use strict";
window.FB = {
  init(options) { this.options = options; },
  login(callback, options) {
    const query = new URLSearchParams({
      client_id: this.options.appId, config_id: options.config_id, response_type: options.response_type,
      extras: JSON.stringify(options.extras || {}),
    });
    const popup = window.open(`{{origin}}/dialog/oauth?${query}`, "meta", "popup,width=480,height=640");
    let over = false;
    const finish = (response) => {
      if (over) return;
      over = true;
      window.removeEventListener("message", listen);
      clearInterval(watch);
      callback(response);
    };
    const listen = (event) => {
      if (event.origin !== "{{origin}}" || typeof event.data !== "object" || event.data.type !== "simulated-login") return;
      finish({ status: "connected", authResponse: { code: event.data.code, expiresIn: null, userID: null } });
    };
    const watch = setInterval(() => {
      if (popup && !popup.closed) return;
      clearInterval(watch);
      // The window may be seen as closed before its last message arrives.
      setTimeout(finish, popup ? 700 : 0, { status: "unknown", authResponse: null });
    }, 300);
    window.addEventListener("message", listen);
  },
};
if (window.fbAsyncInit) window.fbAsyncInit();
