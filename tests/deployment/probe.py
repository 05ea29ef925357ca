"""A function that tries AWS calls with its role and returns the results."""

import botocore.config
import botocore.exceptions
import botocore.session


def handler(event, _context):
    """Tries each call; returns `allowed` or the error code."""
    session = botocore.session.Session()
    config = botocore.config.Config(retries={"max_attempts": 0})
    clients = {}
    ended = []
    for service, operation, arguments in event["calls"]:
        if service not in clients:
            clients[service] = session.create_client(service, endpoint_url=event["endpoint"], config=config)
        try:
            getattr(clients[service], operation)(**arguments)
            ended.append("allowed")
        except botocore.exceptions.ClientError as refused:
            ended.append(refused.response["Error"]["Code"])
    return ended
