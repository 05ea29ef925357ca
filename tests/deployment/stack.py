"""The deployed stack: an operator's actions, and the resulting resources."""

import json

import botocore.config
import botocore.session

from children import REGION
from report import Failure, eventually, expect

# Prefixes of the platform's own log lines, which say nothing about a failure.
PLATFORM_LINES = ("START RequestId", "END RequestId", "REPORT RequestId")
LOG_LINES = 15


class Account:
    """Clients of the emulator with an operator's permissions."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        session = botocore.session.Session()
        # A failed operation must be reported, not retried.
        config = botocore.config.Config(retries={"max_attempts": 0}, read_timeout=60)

        def client(service):
            return session.create_client(
                service, region_name=REGION, endpoint_url=endpoint, aws_access_key_id="test",
                aws_secret_access_key="test", config=config)

        self.cloudformation, self.functions, self.s3 = client("cloudformation"), client("lambda"), client("s3")
        self.secrets, self.queues, self.logs = client("secretsmanager"), client("sqs"), client("logs")
        self.iam, self.scheduler = client("iam"), client("scheduler")

    def upload(self, bucket, archives):
        """Uploads the zips to the location named in the template."""
        self.s3.create_bucket(Bucket=bucket)
        for archive in archives:
            self.s3.put_object(Bucket=bucket, Key=archive.name, Body=archive.read_bytes())

    def deploy(self, name, template, parameters, bucket):
        """Creates a stack and waits until it is complete. The template is in S3, as with `sam deploy`: CloudFormation accepts a
        million bytes there, but only 51,200 in the request itself."""
        key = f"{name}.yaml"
        self.s3.put_object(Bucket=bucket, Key=key, Body=template.encode())
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        self.cloudformation.create_stack(
            StackName=name, TemplateURL=f"{self.endpoint}/{bucket}/{key}", Parameters=given,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
        described = eventually(
            f"the stack {name} is created",
            lambda: self.cloudformation.describe_stacks(StackName=name)["Stacks"][0],
            lambda stack: not stack["StackStatus"].endswith("IN_PROGRESS"))
        if described["StackStatus"] != "CREATE_COMPLETE":
            raise Failure(f"the stack {name} is {described['StackStatus']}: {self.troubles(name)}")
        return Stack(self, name, described)

    def troubles(self, name):
        """Why a stack was not created."""
        events = self.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        return [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
            for event in events if event["ResourceStatus"].endswith("FAILED")]


class Stack:
    """One deployed copy of the template."""

    def __init__(self, account, name, described):
        self.account, self.name = account, name
        self.events = []
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
        resources = account.cloudformation.describe_stack_resources(StackName=name)["StackResources"]
        self.kinds = {resource["LogicalResourceId"]: resource["ResourceType"] for resource in resources}
        self.ids = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}

    def of_kind(self, kind):
        """Logical ids of the resources of a type."""
        return sorted(name for name, other in self.kinds.items() if other == kind)

    def function_url(self):
        """The emulator's address of the Function URL; it has no DNS."""
        url_id = self.outputs["WebhookUrl"].split("//")[1].split(".")[0]
        return f"{self.account.endpoint}/_aws/lambda-url/{url_id}/"

    def set_secrets(self, app_secret, system_token):
        """Step 2 of the README's deployment. Returns the verify token."""
        for output, value in (("AppSecretArn", app_secret), ("SystemTokenArn", system_token)):
            self.account.secrets.put_secret_value(SecretId=self.outputs[output], SecretString=value)
        return self.account.secrets.get_secret_value(SecretId=self.outputs["VerifyTokenArn"])["SecretString"]

    def secret_names(self):
        """The names of this stack's secrets, without the stack's own name."""
        pages = self.account.secrets.get_paginator("list_secrets").paginate()
        names = [secret["Name"] for page in pages for secret in page["SecretList"]]
        return sorted(name.removeprefix(f"{self.name}/") for name in names if name.startswith(f"{self.name}/"))

    def invoke(self, function, event):
        """Calls a function, by its logical id or its name, and returns its response."""
        name = self.ids.get(function, function)
        reply = self.account.functions.invoke(FunctionName=name, Payload=json.dumps(event))
        answer = json.loads(reply["Payload"].read())
        expect("FunctionError" not in reply, f"{function} answers", answer)
        return answer

    def mappings_of(self, function):
        """The event source mappings of a function."""
        found = self.account.functions.list_event_source_mappings(FunctionName=self.ids[function])
        return found["EventSourceMappings"]

    def consumed_by(self, function):
        """URLs of the queues a function consumes."""
        names = {mapping["EventSourceArn"].split(":")[-1] for mapping in self.mappings_of(function)}
        urls = [self.ids[queue] for queue in self.of_kind("AWS::SQS::Queue")]
        return [url for url in urls if url.rsplit("/", 1)[-1] in names]

    def platform_events(self):
        """Receives new events from the platform's queue; returns all events so far."""
        queue = self.outputs["PlatformEventsQueueUrl"]
        taken = self.account.queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        for message in taken.get("Messages", []):
            self.account.queues.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            self.events.append(json.loads(message["Body"]))
        return self.events

    def last_words(self):
        """The functions' latest log lines."""
        words = []
        for group in self.of_kind("AWS::Logs::LogGroup"):
            events = self.account.logs.filter_log_events(logGroupName=self.ids[group])["events"]
            own = [event["message"] for event in events if not event["message"].startswith(PLATFORM_LINES)]
            words += [f"{group}: {line.strip()}" for line in own[-LOG_LINES:]]
        return words
