"""The deployment test: deploys the template into an emulator that enforces its policies.

Deploys `template.yaml` with the built binaries into ministack, runs a customer's whole onboarding against the simulated
Meta, and fails if a function is denied something it needs or allowed something it must not do.

    <python with ministack and aws-sam-translator> tests/deployment/deploy.py [--without Function:service:Action]

`--without` deploys a template without one action of one function: the test has to fail then.
"""

import argparse
import contextlib
import os
import pathlib
import signal
import sys
import tempfile

sys.dont_write_bytecode = True

from botocore.exceptions import BotoCoreError, ClientError

import children
import packages
from endpoints import Meta
from journey import Journey
from policies import Policies
from report import Failure, Report, expect
from stack import Account
from witness import Witness

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUCKET = "packages"
# The identity of the simulated Meta (infra/meta-simulator/src/options.rs).
APP_SECRET = "0123456789abcdef0123456789abcdef"
SYSTEM_TOKEN = "EAASimulatedSystemToken"
# The callback override of a platform's number; the simulator accepts it without calling it.
OVERRIDE = {"override_callback_uri": "https://hooks.acme.com/wa", "verify_token": "tenant-token"}
# Names shared by all stacks: the API's stage.
SHARED = {"$default"}
PARAMETERS = {
    "MetaAppId": "900000000000001",
    "MetaConfigId": "900000000000002",
    "MetaBusinessId": "900000000000004",
    "CreditLineId": "900000000000005",
    "AllowedOrigins": "http://localhost:8080",
    "JwtIssuer": "https://issuer.example",
}


class Lane:
    """All running parts."""

    def __init__(self, scratch, ending, binaries):
        self.scratch, self.ending, self.binaries = scratch, ending, binaries
        self.report = Report()
        self.stacks = []
        port = children.free_port()
        self.witness = Witness(port)
        ending.callback(self.witness.stop)
        emulator = children.emulator(scratch, port, self.witness.url)
        ending.callback(emulator.stop)
        endpoint = f"http://127.0.0.1:{port}"
        emulator.wait_for(f"{endpoint}/_ministack/health")
        self.account = Account(endpoint)
        self.meta_port = children.free_port()
        self.meta = f"http://127.0.0.1:{self.meta_port}"

    def upload(self, template):
        """Packs the functions and returns the template that names the packages."""
        names = packages.functions(template)
        for name in names:
            (self.scratch / name).mkdir()
        copies = [packages.copied(self.binaries / name, self.scratch / name) for name in names]
        self.account.upload(BUCKET, [packages.zipped(copy, "bootstrap", self.scratch) for copy in copies])
        self.report.step(f"{len(names)} functions packed and uploaded")
        known = packages.naming_batches(packages.without_metric_math(template))
        return packages.naming_secrets(packages.pointing_at(known, BUCKET))

    def deploy(self, name, template, role):
        """Deploys a stack with its secrets set; returns it and its verify token."""
        parameters = {**PARAMETERS, "Role": role, "GraphApiBase": self.meta}
        stack = self.account.deploy(name, template, parameters, BUCKET)
        for other in self.stacks:
            shared = set(stack.ids.values()) & set(other.ids.values()) - SHARED
            expect(not shared, f"{name} and {other.name} share nothing", shared)
        self.stacks.append(stack)
        self.report.step(f"{name}: deployed as {role}, {len(stack.ids)} resources")
        return stack, stack.set_secrets(APP_SECRET, SYSTEM_TOKEN)

    def start_meta(self, webhook_url):
        """The simulated Meta, whose webhooks go to one stack."""
        binary = packages.copied(self.binaries / "meta-simulator", self.scratch)
        simulator = children.simulator(binary, self.scratch, self.meta_port, webhook_url)
        self.ending.callback(simulator.stop)
        simulator.wait_for(f"{self.meta}/_sim/violations")

    def journey(self, stack):
        """A customer of a stack."""
        return Journey(stack, self.meta, self.witness, self.report)

    def last_words(self):
        """The functions' latest log lines."""
        return [words for stack in self.stacks for words in stack.last_words()]


def solution_partner(lane, template):
    """A whole lifecycle: signup, webhooks, poll, exit; in between, what the roles may do."""
    stack, verify_token = lane.deploy("partner", template, "solution-partner")
    lane.start_meta(stack.function_url())
    journey = lane.journey(stack)
    journey.handshake(verify_token)
    journey.sign_up("acme", callback_override=OVERRIDE)
    journey.until("ready")
    journey.check_operator_views()
    journey.operate()
    journey.examine()
    journey.abandon("other")
    journey.webhooks()
    journey.poll()
    bind(lane, stack)
    journey.leave()


def bind(lane, stack):
    """Tries what the deployed roles may and may not do."""
    probe = pathlib.Path(__file__).with_name("probe.py")
    policies = Policies(stack, packages.zipped(probe, probe.name, lane.scratch))
    policies.check()
    tried = f"{policies.allowed} calls allowed and {policies.denied} denied, as expected"
    lane.report.step(f"{stack.name}: policies are enforced: {tried}")


def tech_provider(lane, template):
    """Another stack in the same account: its customer pays for itself, and a job is lost."""
    stack, _ = lane.deploy("provider", template, "tech-provider")
    journey = lane.journey(stack)
    journey.sign_up_unheard("acme")
    journey.sweep()
    journey.until("waiting", waiting_for="payment_method")
    journey.pay()
    journey.until("ready")


def run(lane, template):
    """The complete test."""
    packaged = lane.upload(template)
    solution_partner(lane, packaged)
    tech_provider(lane, packaged)
    violations = Meta(lane.meta).read("violations")
    expect(violations == [], "every exchange with Meta fits its OpenAPI document", violations)
    lane.report.step("every exchange with Meta fits its OpenAPI document")
    expect(not lane.witness.denials, "nothing was denied", f"{len(lane.witness.denials)} denied")
    resources = sum(len(stack.ids) for stack in lane.stacks)
    print(f"deployment lane: {resources} resources, {lane.report.steps} steps, {lane.witness.calls} calls, 0 denied")


def alone():
    """Isolates the test from the caller's account and network, and makes it end cleanly on a signal."""
    for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        del os.environ[name]
    os.environ.update({"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "NO_PROXY": "*"})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def main():
    """Returns the exit code."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binaries", type=pathlib.Path, default=ROOT / "target" / "debug")
    arguments.add_argument("--without", metavar="Function:service:Action")
    chosen = arguments.parse_args()
    alone()
    template = (ROOT / "template.yaml").read_text()
    if chosen.without:
        template = packages.without(template, chosen.without)
    with tempfile.TemporaryDirectory(prefix="deployment-") as scratch, contextlib.ExitStack() as ending:
        lane = Lane(pathlib.Path(scratch), ending, chosen.binaries)
        try:
            run(lane, template)
        except (Failure, BotoCoreError, ClientError) as failure:
            denials = dict.fromkeys(lane.witness.denials)
            print("deployment lane: FAILED", failure, *denials, *lane.last_words(), sep="\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
