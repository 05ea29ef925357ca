"""From built binaries and the template to what AWS is given: a zip a function, and the template that names the zips."""

import re
import shutil
import subprocess
import time
import zipfile

from report import Failure, expect

CODE = re.compile(r"CodeUri: functions/(\S+)")
SECRET = re.compile(r"^  (\w+):\n    Type: AWS::SecretsManager::Secret$", re.MULTILINE)
ATTEMPTS = 5


def functions(template):
    """The functions' binaries, by the template."""
    found = sorted(set(CODE.findall(template)))
    expect(found, "functions in the template", template[:200])
    return found


def pointing_at(template, bucket):
    """The template with the zips in the place of the sources, as `sam package` makes it."""
    return CODE.sub(rf"CodeUri: s3://{bucket}/\1.zip", template)


def naming_secrets(template):
    """The template with `GetAtt Id` in the place of `Ref` of a secret.

    Both are the secret's ARN in AWS (AWS::SecretsManager::Secret, return values). For the emulator `Ref` is its name,
    and a policy on a name allows nothing.
    """
    for secret in SECRET.findall(template):
        template = re.sub(rf"!Ref {secret}\b", f"!GetAtt {secret}.Id", template)
    return template


def without_metric_math(template):
    """The template without alarms over several metrics, which the emulator does not know (`Metrics` in place of `MetricName`)."""
    alarms = re.findall(r"^  \w+:\n    Type: AWS::CloudWatch::Alarm\n(?:    .*\n)+", template, re.MULTILINE)
    for alarm in alarms:
        if "\n      Metrics:\n" in alarm:
            template = template.replace(alarm, "")
    return template


def naming_batches(template):
    """The template with `sqs:SendMessageBatch` beside `sqs:SendMessage`: AWS asks for the latter only, the emulator for both."""
    return template.replace("sqs:SendMessage]", "sqs:SendMessage, sqs:SendMessageBatch]")


def without(template, grant):
    """The template in which a function may not do something: `Function:service:Action`."""
    function, action = grant.split(":", 1)
    block = re.search(rf"^  {function}:\n(?:(?:    .*)?\n)+", template, re.MULTILINE)
    expect(block and action in block.group(), f"{action} in {function}", grant)
    # An action everybody has anyway stands in its place: a statement must have one.
    poorer = re.sub(rf"{action}\b", "sts:GetCallerIdentity", block.group())
    return template[: block.start()] + poorer + template[block.end():]


def copied(binary, directory):
    """A copy without debug symbols. A build may be replacing the binary just now: then it is tried again."""
    copy = directory / binary.name
    for _ in range(ATTEMPTS):
        try:
            shutil.copy(binary, copy)
            subprocess.run(["strip", "-s", copy], check=True, capture_output=True)
            return copy
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            seen = error
            time.sleep(2)
    raise Failure(f"{binary.name} cannot be packed (has it been built?): {seen}")


def zipped(file, name, directory):
    """A zip that holds a file under a name."""
    archive = directory / f"{file.stem}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as content:
        content.write(file, name)
    return archive
