"""invoke_with_response_stream through boto3. Prints one JSON object."""
import json

import boto3

lambda_ = boto3.client("lambda")


def stream(event):
    text, complete = "", None
    for message in lambda_.invoke_with_response_stream(FunctionName="streams", Payload=json.dumps(event))["EventStream"]:
        text += message.get("PayloadChunk", {}).get("Payload", b"").decode()
        complete = message.get("InvokeComplete", complete)
    return text, complete


whole, complete = stream({})
assert complete == {}, complete
text, complete = stream({"fail": True})
buffered = lambda_.invoke(FunctionName="streams", Payload="{}")["Payload"].read().decode()
print(json.dumps({"whole": whole, "failed": [text, complete["ErrorCode"]], "buffered": buffered}))
