"""The endpoints of a stack, as the platform's back end, a customer's browser and Meta use them.

The emulator creates no routes for a SAM HTTP API, so the events are built here, as AWS documents payload format 2.0.
"""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

from children import REGION
from report import expect

ACCOUNT = "000000000000"
HOST = f"signup.execute-api.{REGION}.amazonaws.com"


def api_event(method, route, path=None, query=None, body=None, claims=None, cookies=None, origin=None):
    """The event API Gateway builds from a request; `path` fills the route's parameters."""
    at = route.format(**(path or {}))
    context = {
        "accountId": ACCOUNT, "apiId": "signup", "domainName": HOST, "domainPrefix": "signup",
        "http": {"method": method, "path": at, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "lane"},
        "requestId": str(uuid.uuid4()), "routeKey": f"{method} {route}", "stage": "$default",
        "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime()), "timeEpoch": int(time.time() * 1000),
    }
    event = {
        "version": "2.0", "routeKey": f"{method} {route}", "rawPath": at,
        "rawQueryString": urllib.parse.urlencode(query or {}), "isBase64Encoded": False, "requestContext": context,
        "headers": {"host": HOST, "content-type": "application/json", "x-forwarded-proto": "https",
                    "x-forwarded-port": "443", "x-forwarded-for": "127.0.0.1"},
    }
    if cookies:
        event["cookies"] = [f"{name}={value}" for name, value in cookies.items()]
    if origin:
        event["headers"]["origin"] = origin
    if claims:
        context["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
    if path:
        event["pathParameters"] = path
    if query:
        event["queryStringParameters"] = query
    if body is not None:
        event["body"] = json.dumps(body)
    return event


def schedule_event():
    """The event EventBridge Scheduler sends."""
    return {
        "version": "0", "id": str(uuid.uuid4()), "detail-type": "Scheduled Event", "source": "aws.scheduler",
        "account": ACCOUNT, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "region": REGION,
        "resources": [f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/lane"], "detail": "{}",
    }


def http(method, url, body=None):
    """A plain request; returns status and text."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, {"content-type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


class Platform:
    """The platform's back end, whose token the gateway has accepted."""

    def __init__(self, stack):
        self.stack = stack

    def call(self, status, method, route, **request):
        """Calls the API and returns the response body."""
        claims = {"iss": "https://issuer.example", "aud": "whatsapp-onboarding", "sub": "platform", "client_id": "platform",
                  "scope": "onboarding/read onboarding/operate onboarding/send onboarding/admin"}
        event = api_event(method, route, claims=claims, **request)
        return answered(status, self.stack.invoke("PlatformApiFunction", event), f"{method} {route}")

    def session(self, customer, **wishes):
        """Creates a signup link and returns its session."""
        return self.call(201, "POST", "/v1/sessions", body={"customer_ref": customer, **wishes})["session"]

    def onboarding(self, onboarding):
        """Reads the record."""
        return self.call(200, "GET", "/v1/onboardings/{id}", path={"id": onboarding})["onboarding"]


class Browser:
    """A customer's browser on the signup page: it stores cookies and sends its origin with every POST."""

    def __init__(self, stack):
        self.stack, self.cookies = stack, {}

    def call(self, status, function, method, route, **request):
        """Calls one of the page's addresses."""
        origin = f"https://{HOST}" if method == "POST" else None
        event = api_event(method, route, cookies=self.cookies, origin=origin, **request)
        answer = self.stack.invoke(function, event)
        self.cookies.update(cookie.split(";")[0].split("=", 1) for cookie in answer.get("cookies") or [])
        return answered(status, answer, f"{method} {route}")

    def status(self, session):
        """What the customer is shown."""
        return self.call(200, "SignupPageFunction", "GET", "/signup/status", query={"session": session})


class Meta:
    """The control API of the simulated Meta."""

    def __init__(self, url):
        self.url = url

    def read(self, path):
        """Reads from the simulator."""
        return self.call("GET", path)

    def script(self, path, body):
        """Scripts the simulator."""
        return self.call("POST", path, body)

    def call(self, method, path, body=None):
        """Calls the simulator and returns the response."""
        status, text = http(method, f"{self.url}/_sim/{path}", body)
        expect(status < 300, f"the simulator does {path}", (status, text))
        return json.loads(text) if text else None

    def popup(self, **customer):
        """A customer completes the popup; returns what the page posts, without the session."""
        finished = self.script("signups", customer)
        return {"code": finished["code"], "event": finished["event"], **finished["data"]}


def answered(status, answer, what):
    """The body of a response that must have a status."""
    expect(answer.get("statusCode") == status, f"{what} is answered {status}", answer)
    text = answer.get("body") or ""
    return json.loads(text) if text.startswith(("{", "[")) else text
