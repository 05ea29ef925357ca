"""Turns built binaries and the template into deployment packages: one zip per function, and the template that names them."""

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
    """The functions' binaries, according to the template."""
    found = sorted(set(CODE.findall(template)))
    expect(found, "functions in the template", template[:200])
    return found


def pointing_at(template, bucket):
    """The template with the zips in place of the sources, as `sam package` writes it."""
    return CODE.sub(rf"CodeUri: s3://{bucket}/\1.zip", template)


def naming_secrets(template):
    """The template with `GetAtt Id` in place of `Ref` of a secret.

    Both are the secret's ARN in AWS (AWS::SecretsManager::Secret, return values). In the emulator `Ref` is its name, and a
    policy on a name allows nothing.
    """
    for secret in SECRET.findall(template):
        template = re.sub(rf"!Ref {secret}\b", f"!GetAtt {secret}.Id", template)
    return template


def without_metric_math(template):
    """The template without metric-math alarms, which the emulator does not support (`Metrics` instead of `MetricName`)."""
    alarms = re.findall(r"^  \w+:\n    Type: AWS::CloudWatch::Alarm\n(?:    .*\n)+", template, re.MULTILINE)
    for alarm in alarms:
        if "\n      Metrics:\n" in alarm:
            template = template.replace(alarm, "")
    return template


def naming_batches(template):
    """The template with `sqs:SendMessageBatch` beside `sqs:SendMessage`: AWS requires only the latter, the emulator both."""
    return template.replace("sqs:SendMessage]", "sqs:SendMessage, sqs:SendMessageBatch]")


def without(template, grant):
    """The template without one permission of a function: `Function:service:Action`."""
    function, action = grant.split(":", 1)
    block = re.search(rf"^  {function}:\n(?:(?:    .*)?\n)+", template, re.MULTILINE)
    expect(block and action in block.group(), f"{action} in {function}", grant)
    # Replaced by an action that everybody has anyway: a statement needs one.
    poorer = re.sub(rf"{action}\b", "sts:GetCallerIdentity", block.group())
    return template[: block.start()] + poorer + template[block.end():]


def copied(binary, directory):
    """A copy without debug symbols. Retries if a build is replacing the binary."""
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
    """A zip with one file under a given name."""
    archive = directory / f"{file.stem}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as content:
        content.write(file, name)
    return archive
