"""Whether the deployed policies are enforced: a probe tries in each function's role what it may and may not do."""

from report import eventually, expect

# Part of every name a probe creates.
PROBE = "probe"
# Secrets by name prefix, and their readers; no other function reads them (README, security).
READERS = {
    "app-secret": {
        "code-exchange", "credit-sharing", "message-retry", "onboarding-steps", "platform-api", "template-poll", "webhook",
    },
    "system-token": {"credit-sharing"},
    "verify-token": {"platform-api", "webhook"},
    "business-token/": {"credit-sharing", "message-retry", "onboarding-steps", "platform-api", "template-poll"},
    "pin/": {"onboarding-steps"},
    "callback-override/": {"onboarding-steps"},
}
# The functions that create secrets.
CREATORS = {
    "business-token/": {"code-exchange", "credit-sharing"},
    "pin/": {"onboarding-steps"},
    "callback-override/": {"platform-api"},
    "": set(),
}


class Policies:
    """What the roles of a stack's functions may do; each expectation is a call, and whether it is allowed."""

    def __init__(self, stack, probe):
        self.stack, self.account, self.probe = stack, stack.account, probe
        self.allowed = self.denied = 0

    def check(self):
        """Tries everything in every function's role."""
        secrets = self.stack.secret_names()
        for start in READERS:
            expect(any(name.startswith(start) for name in secrets), f"a secret {start}", secrets)
        for function in self.stack.of_kind("AWS::Lambda::Function"):
            probe = self.install(function)
            secret = [*self.reads(function, secrets), *self.creates(function)]
            self.compare(function, probe, [*secret, *self.table(), *self.consumes(function)])
        self.schedules()
        for name in self.stack.secret_names():
            if PROBE in name:
                made = f"{self.stack.name}/{name}"
                self.account.secrets.delete_secret(SecretId=made, ForceDeleteWithoutRecovery=True)

    def install(self, function):
        """A probe with the role of a function."""
        functions = self.account.functions
        role = functions.get_function_configuration(FunctionName=self.stack.ids[function])["Role"]
        name = f"{self.stack.name}-{PROBE}-{function}"
        functions.create_function(
            FunctionName=name, Role=role, Runtime="python3.13", Handler="probe.handler", Timeout=60,
            Code={"ZipFile": self.probe.read_bytes()})
        eventually(
            f"{name} is active", lambda: functions.get_function_configuration(FunctionName=name)["State"],
            lambda state: state == "Active")
        return name

    def compare(self, function, probe, expectations):
        """Makes the calls and checks their results."""
        calls = [call for call, _ in expectations]
        answers = self.stack.invoke(probe, {"endpoint": self.account.endpoint, "calls": calls})
        for (call, allowed), ended in zip(expectations, answers, strict=True):
            # An invalid receipt handle is refused only after the policy was evaluated.
            fits = ended in ("allowed", "ReceiptHandleIsInvalid") if allowed else ended.startswith("AccessDenied")
            expect(fits, f"{function} {'may' if allowed else 'may not'} do {call}", ended)
            self.allowed += allowed
            self.denied += not allowed

    def reads(self, function, secrets):
        """Which function reads which secret."""
        for start, readers in READERS.items():
            name = next(name for name in secrets if name.startswith(start))
            call = ("secretsmanager", "get_secret_value", {"SecretId": f"{self.stack.name}/{name}"})
            yield call, named(function) in readers

    def creates(self, function):
        """Which function creates which secret."""
        for start, creators in CREATORS.items():
            name = f"{self.stack.name}/{start}{PROBE}-{function}"
            call = ("secretsmanager", "create_secret", {"Name": name, "SecretString": PROBE})
            yield call, named(function) in creators

    def table(self):
        """No function reads all customers at once or deletes a record."""
        table = self.stack.outputs["TableName"]
        key = {"pk": {"S": "nobody"}, "sk": {"S": "nobody"}}
        yield ("dynamodb", "scan", {"TableName": table}), False
        yield ("dynamodb", "delete_item", {"TableName": table, "Key": key}), False

    def consumes(self, function):
        """Which function receives from which queue. The emulator polls without authorisation, AWS with the function's role; a
        redrive receives dead letters with the caller's role."""
        own = self.stack.consumed_by(function)
        for name in self.stack.of_kind("AWS::SQS::Queue"):
            queue = self.stack.ids[name]
            allowed = queue in own or (named(function) == "platform-api" and name.endswith("DeadLetters"))
            yield ("sqs", "get_queue_attributes", {"QueueUrl": queue}), allowed
            yield ("sqs", "receive_message", {"QueueUrl": queue, "VisibilityTimeout": 0}), allowed
            yield ("sqs", "delete_message", {"QueueUrl": queue, "ReceiptHandle": "none"}), allowed

    def schedules(self):
        """The schedule may start its function. The emulator does not check this, so the role's policy is evaluated separately."""
        for schedule in self.stack.of_kind("AWS::Scheduler::Schedule"):
            target = self.account.scheduler.get_schedule(Name=self.stack.ids[schedule])["Target"]
            decided = self.account.iam.simulate_principal_policy(
                PolicySourceArn=target["RoleArn"], ActionNames=["lambda:InvokeFunction"],
                ResourceArns=[target["Arn"]])["EvaluationResults"][0]["EvalDecision"]
            expect(decided == "allowed", f"{schedule} may start its function", decided)
            self.allowed += 1


def named(function):
    """The binary name of a function: `CodeExchangeFunction` is code-exchange."""
    words = function.removesuffix("Function")
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in words).removeprefix("-")
