"""Every group of operations that Hearth has, through boto3, as a user's script would. Prints one JSON object; any surprise ends it."""
import base64
import io
import json
import sys
import urllib.request
import zipfile

import boto3

ROLE = "arn:aws:iam::000000000000:role/service-role/e2e"
FAST = {"Delay": 1}
lambda_, iam, sts = boto3.client("lambda"), boto3.client("iam"), boto3.client("sts")
seen = {}


def archive(files):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as zipped:
        for name, text in files.items():
            zipped.writestr(name, text)
    return target.getvalue()


def pages(client, operation, member, **parameters):
    return [item for page in client.get_paginator(operation).paginate(PaginationConfig={"PageSize": 1}, **parameters) for item in page[member]]


def refused(error, call, **parameters):
    try:
        call(**parameters)
    except error as found:
        return found.response["Error"]["Code"]
    sys.exit(f"{call} was not refused")


def functions():
    code = archive({"app.py": "import os, shared\ndef handler(event, context):\n    return [shared.WORD, os.environ['STEP'], context.function_version]\n"})
    layer = lambda_.publish_layer_version(LayerName="words", Content={"ZipFile": archive({"python/shared.py": "WORD = 'layer'\n"})}, CompatibleRuntimes=["python3.13"])
    lambda_.create_function(
        FunctionName="groups", Role=ROLE, Runtime="python3.13", Handler="app.handler", Code={"ZipFile": code}, Layers=[layer["LayerVersionArn"]],
        Environment={"Variables": {"STEP": "one"}}, Tags={"team": "a"},
    )
    lambda_.get_waiter("function_active_v2").wait(FunctionName="groups", WaiterConfig=FAST)
    first = lambda_.publish_version(FunctionName="groups")["Version"]
    lambda_.update_function_configuration(FunctionName="groups", Environment={"Variables": {"STEP": "two"}}, Timeout=7)
    lambda_.get_waiter("function_updated_v2").wait(FunctionName="groups", WaiterConfig=FAST)
    lambda_.update_function_code(FunctionName="groups", ZipFile=archive({"app.py": "def handler(event, context):\n    return context.function_version\n"}))
    lambda_.get_waiter("function_updated_v2").wait(FunctionName="groups", WaiterConfig=FAST)
    second = lambda_.publish_version(FunctionName="groups")["Version"]
    seen["versions"] = [version["Version"] for version in pages(lambda_, "list_versions_by_function", "Versions", FunctionName="groups")]
    lambda_.create_alias(FunctionName="groups", Name="live", FunctionVersion=first)
    seen["alias"] = json.load(lambda_.invoke(FunctionName="groups", Qualifier="live")["Payload"])
    lambda_.update_alias(FunctionName="groups", Name="live", FunctionVersion=second, RoutingConfig={"AdditionalVersionWeights": {first: 0.5}})
    answers = {str(json.load(lambda_.invoke(FunctionName="groups:live")["Payload"])) for _ in range(40)}
    seen["routed"] = sorted(answers) == ["2", "['layer', 'one', '1']"]
    seen["aliases"] = [alias["Name"] for alias in pages(lambda_, "list_aliases", "Aliases", FunctionName="groups")]
    seen["layers"] = [found["LayerName"] for found in pages(lambda_, "list_layers", "Layers")]
    seen["log"] = "REPORT RequestId" in base64.b64decode(lambda_.invoke(FunctionName="groups", LogType="Tail")["LogResult"]).decode()


def settings_of_functions():
    lambda_.put_function_concurrency(FunctionName="groups", ReservedConcurrentExecutions=0)
    seen["throttled"] = refused(lambda_.exceptions.TooManyRequestsException, lambda_.invoke, FunctionName="groups")
    lambda_.delete_function_concurrency(FunctionName="groups")
    lambda_.put_function_event_invoke_config(FunctionName="groups", MaximumRetryAttempts=1, MaximumEventAgeInSeconds=120)
    seen["retries"] = [config["MaximumRetryAttempts"] for config in pages(lambda_, "list_function_event_invoke_configs", "FunctionEventInvokeConfigs", FunctionName="groups")]
    lambda_.put_function_recursion_config(FunctionName="groups", RecursiveLoop="Allow")
    seen["recursion"] = lambda_.get_function_recursion_config(FunctionName="groups")["RecursiveLoop"]
    seen["runtime"] = lambda_.get_runtime_management_config(FunctionName="groups")["UpdateRuntimeOn"]
    arn = lambda_.get_function_configuration(FunctionName="groups")["FunctionArn"]
    lambda_.tag_resource(Resource=arn, Tags={"stage": "b"})
    lambda_.untag_resource(Resource=arn, TagKeys=["team"])
    seen["tags"] = lambda_.list_tags(Resource=arn)["Tags"]
    signing = lambda_.create_code_signing_config(AllowedPublishers={"SigningProfileVersionArns": ["arn:aws:signer:us-east-1:000000000000:/signing-profiles/p/abcdefghij"]})["CodeSigningConfig"]
    lambda_.put_function_code_signing_config(FunctionName="groups", CodeSigningConfigArn=signing["CodeSigningConfigArn"])
    seen["signed"] = pages(lambda_, "list_functions_by_code_signing_config", "FunctionArns", CodeSigningConfigArn=signing["CodeSigningConfigArn"]) == [arn]
    lambda_.delete_function_code_signing_config(FunctionName="groups")
    lambda_.delete_code_signing_config(CodeSigningConfigArn=signing["CodeSigningConfigArn"])
    mapping = lambda_.create_event_source_mapping(FunctionName="groups", EventSourceArn="arn:aws:sqs:us-east-1:000000000000:queue", BatchSize=5)
    seen["mappings"] = [found["BatchSize"] for found in pages(lambda_, "list_event_source_mappings", "EventSourceMappings", FunctionName="groups")]
    lambda_.delete_event_source_mapping(UUID=mapping["UUID"])
    seen["functions"] = lambda_.get_account_settings()["AccountUsage"]["FunctionCount"]


def url():
    address = lambda_.create_function_url_config(FunctionName="groups", AuthType="NONE")["FunctionUrl"]
    lambda_.add_permission(FunctionName="groups", StatementId="url", Principal="*", Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE")
    statement = {"Sid": "invoke", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction"}
    policy = json.loads(lambda_.get_policy(FunctionName="groups")["Policy"])
    seen["policy"] = [found["Sid"] for found in policy["Statement"]]
    if "InvokedViaFunctionUrl" in lambda_.meta.service_model.operation_model("AddPermission").input_shape.members:
        lambda_.add_permission(FunctionName="groups", StatementId="invoke", Principal="*", Action=statement["Action"], InvokedViaFunctionUrl=True)
    else:
        lambda_.add_permission(FunctionName="groups", StatementId="invoke", Principal="*", Action=statement["Action"])
    port = address.rstrip("/").rsplit(":", 1)[1]
    host = address.split("/")[2]
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Host": host})) as answer:
        seen["url"] = answer.read().decode()
    lambda_.delete_function_url_config(FunctionName="groups")
    lambda_.remove_permission(FunctionName="groups", StatementId="url")
    lambda_.remove_permission(FunctionName="groups", StatementId="invoke")
    seen["no policy"] = refused(lambda_.exceptions.ResourceNotFoundException, lambda_.get_policy, FunctionName="groups")


def identities():
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "lambda:List*", "Resource": "*"}]})
    iam.create_user(UserName="ann", Tags=[{"Key": "team", "Value": "a b"}])
    iam.create_group(GroupName="readers")
    iam.add_user_to_group(GroupName="readers", UserName="ann")
    policy = iam.create_policy(PolicyName="lists", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_group_policy(GroupName="readers", PolicyArn=policy)
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=document, SetAsDefault=True)
    seen["policy versions"] = sorted(version["VersionId"] for version in pages(iam, "list_policy_versions", "Versions", PolicyArn=policy))
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = boto3.Session(aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    seen["ann"] = ann.client("sts").get_caller_identity()["Arn"]
    seen["ann lists"] = len(ann.client("lambda").list_functions()["Functions"])
    seen["ann may not"] = refused(ann.client("lambda").exceptions.ClientError, ann.client("lambda").delete_function, FunctionName="groups")
    seen["simulated"] = [result["EvalDecision"] for result in iam.simulate_principal_policy(
        PolicySourceArn="arn:aws:iam::000000000000:user/ann", ActionNames=["lambda:ListFunctions", "lambda:DeleteFunction"])["EvaluationResults"]]
    trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}]})
    iam.create_role(RoleName="lister", AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName="lister", PolicyName="inline", PolicyDocument=document)
    iam.put_role_permissions_boundary(RoleName="lister", PermissionsBoundary=policy)
    session = sts.assume_role(RoleArn="arn:aws:iam::000000000000:role/lister", RoleSessionName="session")["Credentials"]
    lister = boto3.Session(aws_access_key_id=session["AccessKeyId"], aws_secret_access_key=session["SecretAccessKey"], aws_session_token=session["SessionToken"])
    seen["lister"] = lister.client("sts").get_caller_identity()["Arn"]
    iam.delete_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"])
    iam.remove_user_from_group(GroupName="readers", UserName="ann")
    iam.delete_user(UserName="ann")
    seen["users"] = [user["UserName"] for user in pages(iam, "list_users", "Users")]


for group in (functions, settings_of_functions, url, identities):
    group()
lambda_.delete_function(FunctionName="groups")
seen["deleted"] = refused(lambda_.exceptions.ResourceNotFoundException, lambda_.get_function, FunctionName="groups")
print(json.dumps(seen))
