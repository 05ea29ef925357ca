// The signup routes of the server. `launchStore` holds the launch value on pages where our cookie is not available.
function signupServer(config, base, launchStore) {
  // Retries while the server is busy: Meta's code is valid for 30 seconds, and a repeat gets the same response.
  const RETRIES_MS = [1000, 2000, 4000, 8000, 0];
  const BUSY = [429, 500, 503, 504];

  const post = (path, body) => fetch(base + path, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), cache: "no-store",
  });

  // Not worth a retry: a link's limit is permanent, and a network's lasts minutes, longer than any code is valid.
  const NOT_RETRIED = ["too_many_codes", "too_many_requests"];

  async function isBusy(reply) {
    if (!BUSY.includes(reply.status)) return false;
    return !NOT_RETRIED.includes((await reply.clone().json().catch(() => ({}))).code);
  }

  async function postWithRetries(path, body, interrupted = () => {}) {
    for (const wait of RETRIES_MS) {
      try {
        const reply = await post(path, body);
        if (!wait || !(await isBusy(reply))) return reply;
      } catch (error) {
        if (!wait) throw error;
        interrupted();
      }
      await new Promise((done) => setTimeout(done, wait));
    }
    return null;
  }

  return {
    // Binds the link to this browser and returns the values that must accompany the code.
    async launch(order) {
      const body = { session: config.session, locale: config.language, ...order };
      if (launchStore.get()) body.launch = launchStore.get();
      const reply = await postWithRetries("/signup/launch", body);
      const answer = await reply.json().catch(() => ({}));
      if (!reply.ok) throw Object.assign(new Error("not launched"), { problem: answer });
      launchStore.set(answer.launch);
      return answer;
    },
    callback: (body, interrupted) => postWithRetries("/signup/callback", { session: config.session, ...body }, interrupted),
    abandoned: (body) => post("/signup/abandoned", { session: config.session, ...body }).catch(() => {}),
    read: (resource) => fetch(`${base}/signup/${resource}?${new URLSearchParams({ session: config.session, locale: config.language })}`, { cache: "no-store" }),
  };
}
