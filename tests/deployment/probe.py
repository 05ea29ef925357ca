"""A function that tries calls to AWS with what its role allows, and says how each ended."""

import botocore.config
import botocore.exceptions
import botocore.session


def handler(event, _context):
    """Tries each call; gives `allowed`, or the code of its error."""
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
