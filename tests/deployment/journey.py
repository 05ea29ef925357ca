"""One customer's journey through the deployed functions."""

import urllib.parse

from endpoints import Browser, Meta, Platform, http, schedule_event
from report import eventually, expect


class Journey:
    """A customer of a stack; every wait ends at once if a function is denied something."""

    def __init__(self, stack, simulator, witness, report):
        self.stack, self.witness, self.report = stack, witness, report
        self.platform, self.browser, self.meta = Platform(stack), Browser(stack), Meta(simulator)
        self.session = self.onboarding = self.waba = self.phone = None

    def step(self, text):
        """Completes a step, if nothing was denied."""
        self.nothing_denied()
        self.report.step(f"{self.stack.name}: {text}")

    def nothing_denied(self):
        """Fails if something was denied."""
        expect(not self.witness.denials, "nothing is denied", f"{len(self.witness.denials)} denied")

    def handshake(self, verify_token):
        """Meta's dashboard verifies the callback URL."""
        query = {"hub.mode": "subscribe", "hub.verify_token": verify_token, "hub.challenge": "1158201444"}
        url = f"{self.stack.function_url()}?{urllib.parse.urlencode(query)}"
        answer = http("GET", url)
        expect(answer == (200, "1158201444"), "the challenge comes back", answer)
        self.step("webhook handshake through the Function URL")

    def sign_up(self, customer, **wishes):
        """From the platform's link to the callback."""
        self.session = self.platform.session(customer, **wishes)
        self.step("POST /v1/sessions: 201")
        page = self.browser.call(200, "SignupPageFunction", "GET", "/signup", query={"session": self.session})
        expect("<html" in page, "the signup page", page[:200])
        self.step("GET /signup: 200")
        launched = self.browser.call(
            200, "SignupPageFunction", "POST", "/signup/launch", body={"session": self.session})
        self.step("POST /signup/launch: 200")
        popup = self.meta.popup()
        self.waba, self.phone = popup["waba_id"], popup["phone_number_id"]
        accepted = self.browser.call(
            202, "CodeExchangeFunction", "POST", "/signup/callback",
            body={**popup, "session": self.session, "launch": launched["launch"]})
        self.onboarding = accepted["onboarding_id"]
        self.step("POST /signup/callback: 202")

    def abandon(self, customer):
        """Another customer closes the popup."""
        session = self.platform.session(customer)
        body = {"session": session, "event": "CANCEL", "current_step": "BUSINESS_ACCOUNT_SELECTION"}
        self.browser.call(204, "SignupPageFunction", "POST", "/signup/abandoned", body=body)
        self.step("POST /signup/abandoned: 204")

    def until(self, state, **also):
        """Waits for a state of the record."""
        wanted = {"state": state, **also}
        eventually(
            f"{self.onboarding} is {wanted}", lambda: self.platform.onboarding(self.onboarding),
            lambda record: wanted.items() <= record.items(), self.nothing_denied)
        self.step(f"GET /v1/onboardings/{{id}}: {' '.join(wanted.values())}")

    def check_operator_views(self):
        """Checks what customer and platform see of a connected customer."""
        shown = self.browser.status(self.session)
        expect(shown["state"] == "ready", "the customer sees that it is ready", shown)
        self.step("GET /signup/status: ready")
        listed = self.platform.call(200, "GET", "/v1/onboardings", query={"state": "ready"})
        expect([record["id"] for record in listed["onboardings"]] == [self.onboarding], "one is ready", listed)
        self.step("GET /v1/onboardings?state=ready: 200")
        shares = self.platform.call(200, "GET", "/v1/credit-shares")["shares"]
        expect([share["onboarding_id"] for share in shares] == [self.onboarding], "one share", shares)
        limits = self.platform.call(200, "GET", "/v1/limits")["onboardings"]
        expect(limits["used"] == 1, "one new customer", limits)
        self.step("GET /v1/credit-shares, /v1/limits: 200, one of each")
        lights = self.platform.call(200, "GET", "/v1/reception/{phone}", path={"phone": self.phone})["lights"]
        dark = [light["name"] for light in lights if not light["ok"]]
        expect(dark == ["last_event"], "every light but the last event's", lights)
        self.step("GET /v1/reception/{phone_number_id}: 200, receiving")
        self.expect_event("whatsapp.onboarding.ready.v1", lambda _: True)

    def operate(self):
        """Requests of operators, in addition to customers'."""
        for what in ("pause", "resume"):
            self.platform.call(204, "POST", f"/v1/signups/{what}")
        for route in ("/v1/funnel", "/v1/moves", "/v1/dead-letters"):
            self.platform.call(200, "GET", route)
        waiting = self.platform.call(200, "GET", "/v1/messages", query={"state": "retry_scheduled"})
        expect(waiting == {"messages": []}, "no message waits", waiting)
        queues = self.platform.call(200, "GET", "/v1/dead-letters")["queues"]
        expect(len(queues) == 6 and not any(queue["messages"] for queue in queues), "no dead letters", queues)
        self.step("signups paused and resumed; funnel, migrations, messages, dead letters: 200")

    def examine(self):
        """The doctor checks with the system token. Its report is not read, because that calls the public callback."""
        self.platform.call(202, "POST", "/v1/doctor")
        eventually(
            "the platform's system users are read", lambda: [call["path"] for call in self.meta.read("calls")],
            lambda paths: any(path.endswith("/system_users") for path in paths), self.nothing_denied)
        self.step("POST /v1/doctor: 202, checks run")

    def expect_event(self, kind, fits):
        """Waits for a platform event."""
        eventually(
            f"an event {kind}", self.stack.platform_events,
            lambda events: any(event["type"] == kind and fits(event["data"]) for event in events),
            self.nothing_denied)
        self.step(f"event {kind}")

    def template_changed(self, index, status, **how):
        """Meta's reviewers decide about a template; returns the matching event."""
        template = self.meta.read("state")["wabas"][self.waba]["templates"][index]
        self.meta.script(f"wabas/{self.waba}/templates/{template['id']}", {"status": status, **how})
        return lambda data: (data.get("name"), data.get("status")) == (template["name"], status)

    def webhooks(self):
        """Only webhooks signed by Meta are accepted."""
        body = {"object": "whatsapp_business_account", "entry": []}
        for signature, status in (("wrong", 401), ("none", 401), ("valid", 200)):
            sent = self.meta.script("webhooks", {"body": body, "signature": signature})
            expect(sent["status"] == status, f"a webhook signed {signature} is answered {status}", sent)
        self.step("webhook: 401 with a wrong signature and without one, 200 with the right one")
        self.expect_event("whatsapp.template.changed.v1", self.template_changed(0, "REJECTED"))

    def poll(self):
        """The poll finds changes that no webhook reported."""
        expected = self.template_changed(1, "PAUSED", silent=True)
        queued = self.stack.invoke("TemplatePollFunction", schedule_event())
        expect(queued == {"queued": 1}, "one account is polled", queued)
        self.step("template poll: 1 account")
        self.expect_event("whatsapp.template.changed.v1", expected)

    def sign_up_unheard(self, customer):
        """A signup whose job is lost: onboarding-steps does not receive it, and then it is deleted."""
        functions, queues = self.stack.account.functions, self.stack.account.queues
        mapping = self.stack.mappings_of("OnboardingStepsFunction")[0]["UUID"]
        queue = self.stack.ids["OnboardingQueue"]
        functions.update_event_source_mapping(UUID=mapping, Enabled=False)
        self.sign_up(customer)
        waiting = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
        expect(waiting["Attributes"]["ApproximateNumberOfMessages"] == "1", "there is a job to lose", waiting)
        queues.purge_queue(QueueUrl=queue)
        functions.update_event_source_mapping(UUID=mapping, Enabled=True)

    def sweep(self):
        """The sweeper enqueues what is due."""
        # The schedule starts it every minute too; either run may come first.
        swept = eventually(
            "the sweeper enqueues", lambda: self.stack.invoke("SweeperFunction", schedule_event()),
            lambda swept: swept["enqueued"] > 0 or self.platform.onboarding(self.onboarding)["state"] != "onboarding",
            self.nothing_denied)
        self.step(f"sweep: the job was lost, {swept['enqueued']} enqueued again")

    def pay(self):
        """The customer adds a payment method and the platform resumes."""
        self.meta.script(f"wabas/{self.waba}", {"payment_method": True})
        self.platform.call(202, "POST", "/v1/onboardings/{id}/resume", path={"id": self.onboarding})
        self.step("POST /v1/onboardings/{id}/resume: 202")

    def leave(self):
        """The exit, until only the receipt is left."""
        self.platform.call(202, "DELETE", "/v1/onboardings/{id}", path={"id": self.onboarding})
        self.step("DELETE /v1/onboardings/{id}: 202")
        self.until("left")
        self.expect_event("whatsapp.onboarding.left.v1", lambda _: True)
        kept = {name.split("/")[0] for name in self.stack.secret_names()}
        expect(not kept & {"business-token", "callback-override"}, "the customer's tokens are destroyed", kept)
        self.step("the customer's tokens are destroyed")
